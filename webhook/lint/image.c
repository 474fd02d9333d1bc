/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/image.h"

struct pn_image pn_image_parse(struct pn_str text)
{
    struct pn_image image = {0};
    struct pn_str rest = text;
    image.repository = pn_str_split(&rest, '@');
    image.digest = rest;
    /* A colon before a slash is a registry's port. */
    for (size_t i = image.repository.n; i > 0 && image.repository.s[i - 1] != '/'; i--) {
        if (image.repository.s[i - 1] == ':') {
            image.tag = (struct pn_str){image.repository.s + i, image.repository.n - i};
            image.repository.n = i - 1;
            break;
        }
    }
    return image;
}

/* The path behind the registry: what has a dot, a port, or is localhost is a registry. */
static struct pn_str path_of(struct pn_str repository)
{
    struct pn_str rest = repository;
    struct pn_str first = pn_str_split(&rest, '/');
    bool is_registry = pn_str_is(first, "localhost") || pn_str_contains(first, PN_STR(".")) ||
                       pn_str_contains(first, PN_STR(":"));
    return rest.s != NULL && is_registry ? rest : repository;
}

const char *pn_image_fault(struct pn_str text)
{
    struct pn_image image = pn_image_parse(text);
    struct pn_str path = path_of(image.repository);
    if (pn_str_contains(text, PN_STR("://")))
        return "a reference has no scheme";
    for (size_t i = 0; i < text.n; i++) {
        if (text.s[i] == ' ' || text.s[i] == '\t' || text.s[i] == '\n')
            return "a reference has no blanks";
    }
    for (size_t i = 0; i < path.n; i++) {
        if (path.s[i] >= 'A' && path.s[i] <= 'Z')
            return "a repository is written in lower case";
    }
    if (path.n == 0)
        return "there is no repository";
    if (image.tag.s != NULL && image.tag.n == 0)
        return "there is no tag behind the colon";
    if (image.digest.s != NULL && !pn_str_contains(image.digest, PN_STR(":")))
        return "a digest is written sha256:...";
    return NULL;
}

struct pn_str pn_image_name(struct pn_str repository)
{
    size_t at = repository.n;
    while (at > 0 && repository.s[at - 1] != '/')
        at--;
    return (struct pn_str){repository.s + at, repository.n - at};
}
