/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SYS_FINGERPRINT_H
#define PN_SYS_FINGERPRINT_H

#include <stdint.h>

/*
 * What files look like from outside, to notice that they changed: of each path, with links
 * followed, device, inode, type, size, mtime and ctime, or why it cannot be looked at; of a
 * directory, those of the documents in it (pn_paths_add_directory). So a save in place, a rename, a
 * chmod, and the swapped ..data link of a mounted ConfigMap all show. No file is opened.
 *
 * Asked every few seconds, it costs a few microseconds for each file, and needs no more than stat:
 * inotify would have to follow each link and directory anew after every change, tells nothing on
 * network file systems, and its instances are a limit that all Pods of a user on a node share.
 */
#define PN_FINGERPRINT_BASIS UINT64_C(0xcbf29ce484222325)

/* Adds `path` to a fingerprint, which begins as PN_FINGERPRINT_BASIS. */
uint64_t pn_fingerprint_add(uint64_t fingerprint, const char *path);

#endif
