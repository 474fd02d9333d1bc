/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_ADMISSION_H
#define PN_SERVER_ADMISSION_H

#include "server/service.h"

/*
 * POST /mutate and POST /validate: an AdmissionReview in, the decision out. 400 and 413 when the
 * review is at fault, 503 before policies are published, 500 when we are: none with Retry-After,
 * which the API server would follow up to ten times within its time limit. Each decision is one
 * line in the log, on level info where policies select the Pod, else debug.
 */
void pn_admission_mutate(struct pn_service *service, struct pn_exchange *ex);
void pn_admission_validate(struct pn_service *service, struct pn_exchange *ex);

#endif
