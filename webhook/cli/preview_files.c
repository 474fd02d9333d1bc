/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "cli/preview.h"
#include "yaml/emit.h"

/*
 * For a program that compares, as kubectl diff gives it to one (kubectl/pkg/cmd/diff/diff.go): two
 * directories whose files have the same names.
 */

/* A file's name, so that a number and a terminator still fit into NAME_MAX. */
enum { NAME_BYTES = 240 };

static int told(const struct pn_err *err)
{
    pn_out_error("%s", err->text);
    return -ECANCELED;
}

int pn_preview_files_init(struct pn_preview_files *ret, const char *command)
{
    struct pn_err err = PN_ERR_INIT;
    *ret = (struct pn_preview_files){.command = command, .exit_code = -1};
    pn_hold_signals(&ret->hold);
    int r = pn_scratch_make(&ret->before, "LIVE", &err);
    if (r == 0)
        r = pn_scratch_make(&ret->after, "MERGED", &err);
    return r == 0 ? 0 : told(&err);
}

void pn_preview_files_deinit(struct pn_preview_files *files)
{
    pn_scratch_remove(&files->before);
    pn_scratch_remove(&files->after);
    pn_hold_release(&files->hold);
}

/* ---- an object ------------------------------------------------------------------------- */

/* A part of a file's name. Names that are legal in Kubernetes stay as they are; what is not must
 * neither leave the directory nor disturb a terminal. */
static void write_part(struct pn_buf *out, struct pn_str part)
{
    for (size_t i = 0; i < part.n; i++) {
        unsigned char c = (unsigned char)part.s[i];
        pn_buf_char(out, c <= ' ' || c >= 0x7f || c == '/' ? '_' : part.s[i]);
    }
}

/* [GROUP.]VERSION.KIND.NAMESPACE.NAME */
static void write_name(struct pn_buf *out, const struct pn_preview_object *object)
{
    struct pn_str version = object->api_version;
    struct pn_str group = pn_str_split(&version, '/');
    if (version.s == NULL)
        version = group;
    else
        write_part(out, group);
    const struct pn_str parts[] = {version, object->kind, object->namespace, object->name};
    for (size_t i = 0; i < PN_COUNT_OF(parts); i++) {
        if (out->len > 0)
            pn_buf_char(out, '.');
        write_part(out, parts[i]);
    }
    out->len = out->len < NAME_BYTES ? out->len : NAME_BYTES;
}

/* Writes it under its name, or when that is taken with a number behind; *ret_name is which. */
static int write_first(struct pn_buf *ret_name, const struct pn_scratch *scratch,
                       const struct pn_preview_object *object, struct pn_str text,
                       struct pn_err *err)
{
    write_name(ret_name, object);
    size_t stem = ret_name->len;
    for (unsigned n = 2;; n++) {
        pn_buf_char(ret_name, '\0');
        if (ret_name->failed)
            return pn_err_set(err, -ENOMEM, "out of memory");
        int r = pn_scratch_write(scratch, ret_name->data, text, err);
        if (r != -EEXIST)
            return r;
        ret_name->len = stem;
        pn_buf_printf(ret_name, ".%u", n);
    }
}

int pn_preview_files_add(struct pn_preview_files *files, const struct pn_preview_object *object)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf before = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf after = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf name = PN_BUF_INIT;
    struct pn_err err = PN_ERR_INIT;
    if (pn_hold_is_wanted())
        return -ECANCELED;
    if (!object->after.decision->allowed)
        return 0;
    int r = pn_yaml_write(&before, object->base.object);
    if (r == 0)
        r = pn_yaml_write(&after, object->after.object);
    if (r != 0 || before.failed || after.failed)
        return -ENOMEM;
    r = write_first(&name, &files->before, object, pn_buf_view(&before), &err);
    if (r == 0)
        r = pn_scratch_write(&files->after, name.data, pn_buf_view(&after), &err);
    files->count++;
    return r == 0 ? 0 : told(&err);
}

/* ---- the program ----------------------------------------------------------------------- */

/* What kubectl takes as an argument: letters, digits, dashes and equals signs. */
static bool is_argument(struct pn_str word)
{
    for (size_t i = 0; i < word.n; i++) {
        char c = word.s[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '='))
            return false;
    }
    return word.n > 0;
}

/*
 * The words of the command, split at each blank as kubectl does it: program, both directories, then
 * the arguments that it takes. argv borrows from `files` and from *text.
 */
static int make_argv(char ***ret, char **ret_text, const struct pn_preview_files *files)
{
    size_t n = 0;
    char *text = strdup(files->command);
    char **argv = calloc(strlen(files->command) + 4, sizeof *argv);
    *ret_text = text;
    *ret = argv;
    if (text == NULL || argv == NULL)
        return -ENOMEM;
    for (char *rest = text, *word = NULL; (word = strsep(&rest, " ")) != NULL;) {
        if (n == 0) {
            argv[n++] = word;
            argv[n++] = files->before.path;
            argv[n++] = files->after.path;
        } else if (is_argument(pn_str_of(word))) {
            argv[n++] = word;
        } else if (word[0] != '\0') {
            PN_CLEANUP(pn_buf_deinit) struct pn_buf note = PN_BUF_INIT;
            pn_buf_printf(&note,
                          "note: KUBECTL_EXTERNAL_DIFF: \"%s\" is left out: an argument has only "
                          "letters, digits, - and =\n",
                          word);
            pn_out_note(pn_buf_view(&note));
        }
    }
    return 0;
}

int pn_preview_files_compare(struct pn_preview_files *files)
{
    PN_CLEANUP(pn_free_pointer) char *text = NULL;
    PN_CLEANUP(pn_free_pointer) char **argv = NULL;
    struct pn_err err = PN_ERR_INIT;
    if (files->count == 0)
        return 0;
    int r = make_argv(&argv, &text, files);
    if (r != 0)
        return r;
    r = pn_child_exec(&files->exit_code, argv, &files->hold, &err);
    return r == 0 ? 0 : told(&err);
}
