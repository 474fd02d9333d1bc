/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/build_info.h" /* made by meson: version, compiler and libraries of this build */
#include "cli/cmd.h"
#include "cli/out.h"
#include "report/json.h"

static const struct pn_json_pair libraries[] = {PN_BUILD_LIBRARIES{NULL, NULL}};

enum output { OUTPUT_TEXT, OUTPUT_JSON };
static const char *const outputs[] = {"text", "json", NULL};

struct options {
    int output;
};

static const struct pn_flag flags[] = {
    {"output", 'o', PN_FLAG_CHOICE, offsetof(struct options, output), "FORMAT", "Format", "text",
     .choices = outputs},
    {0},
};

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    const struct options *o = options;
    struct pn_out out = PN_OUT_INIT;
    int r = 0;
    (void)operands;
    (void)n;
    if (o->output == OUTPUT_JSON)
        r = pn_json_write_version(&out.buf, PN_BUILD_VERSION, PN_BUILD_COMPILER, libraries);
    else
        pn_buf_cstr(&out.buf, "pannier " PN_BUILD_VERSION "\n");
    if (r < 0)
        pn_out_error("%s", strerror(-r));
    return pn_out_finish(&out) && r == 0 ? PN_EXIT_OK : PN_EXIT_FAILED;
}

const struct pn_cmd pn_cmd_version = {
    .name = "version",
    .summary = "Print the version",
    .usage = "[-o text|json]",
    .examples = "  # The version with the compiler and libraries of the build\n"
                "  pannier version -o json\n",
    .flags = flags,
    .options_size = sizeof(struct options),
    .run = run,
};
