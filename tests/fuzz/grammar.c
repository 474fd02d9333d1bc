/* SPDX-License-Identifier: Apache-2.0 */
#include "grammar.h"

#include <stdlib.h>

/*
 * One rule a line: "$name" in an alternative stands for one of the alternatives of that name. The
 * first of them is the plainest. Names, paths and ports are those of policies/ and of the shipped
 * templates, so that they clash often. A comma before what closes is dropped.
 */
static const struct {
    const char *name;
    const char *alternatives[24]; /* until NULL */
} rules[] = {
    {"review",
     {"{'kind':'AdmissionReview','apiVersion':'admission.k8s.io/v1','request':{'uid':'u','kind':"
      "{'group':'','version':'v1','kind':'Pod'},'resource':{'group':'','version':'v1','resource':"
      "'pods'},'namespace':'$ns','operation':'CREATE','object':{'metadata':{$metadata},'spec':{"
      "$spec}},'oldObject':null,'dryRun':false}}"}},
    {"ns", {"default", "shop", "payments", "kube-system"}},

    {"metadata",
     {"'name':'web-0',$labels$annotations",
      "'generateName':'web-7d4f9c-',$labels"
      "$annotations$owner",
      "'name':'x','creationTimestamp':null,$annotations$labels"}},
    {"owner",
     {"", "'ownerReferences':[{'apiVersion':'apps/v1','kind':'ReplicaSet','name':'web-7d4f9c',"
          "'uid':'u','controller':true}],"}},
    {"labels", {"'labels':{$app$team$tier$ask},", "'labels':null,", ""}},
    {"app", {"", "'app':'web',", "'app':'db',"}},
    {"team", {"", "'team':'a',", "'team':'b',", "'team':'c',"}},
    {"tier", {"", "'tier':'front',", "'tier':'back',", "'pod-template-hash':'7d4f9c',"}},
    {"ask", {"", "$logging$mesh$metrics$rest"}},
    {"logging",
     {"", "'inject.pannier.dev/logging':'enabled',", "'inject.pannier.dev/logging':'loki',",
      "'inject.pannier.dev/logging':'elasticsearch',"}},
    {"mesh",
     {"", "'inject.pannier.dev/mesh':'enabled',", "'inject.pannier.dev/mesh':'intercept',"}},
    {"metrics",
     {"", "'inject.pannier.dev/metrics':'nginx',", "'inject.pannier.dev/metrics':'jmx',",
      "'inject.pannier.dev/metrics':'statsd',", "'inject.pannier.dev/metrics':'redis',"}},
    {"rest",
     {"", "'inject.pannier.dev/ambassador':'redis',",
      "'inject.pannier.dev/ambassador':'redis.http',", "'inject.pannier.dev/migrate':'app',",
      "'inject.pannier.dev/config-reloader':'enabled','inject.pannier.dev/observability':'otel',",
      "'inject.pannier.dev/wait-for':'enabled',"}},
    {"annotations",
     {"", "'annotations':{$select$set$list$say$out$vault},", "'annotations':null,",
      "'annotations':{$say$deep$vault},"}},
    {"select", {"", "'ask.example.com/x':'yes',", "'ask.example.com/y':'1',"}},
    {"set", {"", "'set.example.com/a':'1',", "'set.example.com/a':'2','set.example.com/b':'1',"}},
    {"list",
     {"", "'list.example.com/volumes':'data',", "'list.example.com/volumes':'x , logs',",
      "'list.example.com/ports':'',", "'list.example.com/ports':'data,',"}},
    {"say", {"", "$level$port$cpu$text"}},
    {"level", {"", "'say.example.com/level':'debug',", "'say.example.com/level':'loud',"}},
    {"port",
     {"", "'say.example.com/port':'8080',", "'say.example.com/port':'9091',",
      "'say.example.com/port':'99999',"}},
    {"cpu",
     {"", "'say.example.com/cpu':'1',", "'say.example.com/cpu':'0.05',",
      "'say.example.com/cpu':'-1m',"}},
    {"text",
     {"", "'say.example.com/text':'abc',", "'say.example.com/text':'',",
      "'say.example.com/text':'a\\u0000b',"}},
    {"out",
     {"", "'pannier.dev/inject':'false',", "'pannier.dev/skip':'logging',",
      "'pannier.dev/skip':'nothing','pannier.dev/inject':'no',", "'pannier.dev/status':'{',",
      "'pannier.dev/skip':'mesh, vault','pannier.dev/status':'{\\'v\\':1}',"}},
    {"deep",
     {"", "'ambassador.pannier.dev/redis':'redis.shop:6379',",
      "'ambassador.pannier.dev/http':'https://a.example.com','reload.pannier.dev/volumes':'cfg',",
      "'envoy.pannier.dev/upstream-a':'a.shop:80','envoy.pannier.dev/upstream-b':'b',"}},
    {"vault",
     {"", "'vault.hashicorp.com/agent-inject':'true','vault.hashicorp.com/role':'web',"
          "'vault.hashicorp.com/agent-inject-secret-db':'secret/db',"}},

    {"spec",
     {"'containers':[$main],$more$flags",
      "'volumes':[$volumes],'initContainers':[$inits],"
      "'containers':[$main$second],$flags$more",
      "'initContainers':null,'containers':[$main$second"
      "$third],'volumes':[],$more",
      "'containers':[$third$main],'volumes':[$volumes],"
      "'initContainers':[],'imagePullSecrets':[$pull],$flags$more",
      "'containers':null,$more", "'initContainers':[$inits$inits],'containers':[$main$main],"}},
    {"more",
     {"", "$restart$grace$pod_resources$token", "'x-unknown':[1e5,{'null':null}],$restart"}},
    {"restart",
     {"", "'restartPolicy':'Always',", "'restartPolicy':'OnFailure',", "'restartPolicy':'Never',"}},
    {"grace", {"", "'terminationGracePeriodSeconds':0,", "'terminationGracePeriodSeconds':5,"}},
    {"token", {"", "'automountServiceAccountToken':false,", "'serviceAccountName':'sa',"}},
    {"pod_resources",
     {"", "'resources':{'requests':{'cpu':'2','memory':'2Gi'}},",
      "'resources':{'limits':{'cpu':'4','memory':4e9}},", "'resources':{'requests':null},",
      "'resources':{'requests':{'cpu':'1','memory':'128Mi'},'limits':{'cpu':1,'memory':'128Mi'}},",
      "'resources':{},", "'overhead':{'cpu':'10m','memory':1e7},"}},
    {"flags",
     {"", "'hostNetwork':true,", "'os':{'name':'windows'},", "'shareProcessNamespace':true,",
      "'securityContext':{'runAsNonRoot':true,'runAsUser':1000,'fsGroup':0},", "'hostPID':true,"}},
    {"pull", {"", "{'name':'pull'},", "{'name':'other'},{'name':'pull'},"}},
    {"volumes",
     {"", "{'name':'data',$source},", "{'name':'tmp',$source},{'name':'logs',$source},",
      "{'name':'run',$source},{'name':'cfg',$source},", "{'name':'pannier-logs',$source},",
      "{'name':'shared',$source},{'name':'shared',$source},"}},
    {"source",
     {"'emptyDir':{}", "'emptyDir':{'sizeLimit':'1Gi'}", "'configMap':{'name':'c'}",
      "'secret':{'secretName':'s'}", "'emptyDir':{'sizeLimit':1073741824,'medium':'Memory'}"}},

    {"main", {"{'name':'app',$c},", "{'name':'web',$c},", "{'name':'Bad_Name',$c},"}},
    {"second",
     {"", "{'name':'db',$c},", "{'name':'log',$c},", "{'name':'proxy',$c},",
      "{'name':'agent',$c},"}},
    {"third",
     {"", "{'name':'relay',$c},", "{'name':'log-shipper',$c},", "{'name':'envoy-proxy',$c},"}},
    {"inits",
     {"", "{'name':'job',$c},", "{'name':'job',$c},{'name':'log',$native$c},",
      "{'name':'proxy',$native$c},", "{'name':'agent',$native$c},{'name':'relay',$c},",
      "{'name':'envoy-proxy',$native$c},", "{'name':'log-shipper',$native$c},{'name':'job',$c},"}},
    {"native", {"'restartPolicy':'Always',", ""}},
    {"c",
     {"'image':'example.com/app:1',$resources",
      "$resources$ports$mounts$env'image':"
      "'example.com/$what:2',",
      "'image':'example.com/$what:1',$env$mounts$resources$security",
      "$probe'image':'mirror.example.com/ours:1',$ports$args$resources"}},
    {"what", {"app", "log", "proxy", "agent", "relay", "db"}},
    {"args", {"", "'args':['run'],", "'args':['other'],", "'command':['run'],'args':[],"}},
    {"probe",
     {"", "'livenessProbe':{'httpGet':{'path':'/','port':80},'periodSeconds':5},",
      "'readinessProbe':{'tcpSocket':{'port':'http'}},", "'startupProbe':null,"}},
    {"security",
     {"", "'securityContext':{'runAsNonRoot':true,'capabilities':{'drop':['ALL']}},",
      "'securityContext':{'privileged':true},", "'securityContext':{'runAsUser':0},"}},
    {"resources",
     {"", "'resources':{'requests':{$amounts},'limits':{$amounts}},",
      "'resources':{'limits':{$amounts}},", "'resources':{'requests':{$amounts}},",
      "'resources':null,",
      "'resources':{'limits':{'cpu':'1','memory':'1Gi'},'requests':{'cpu':1,"
      "'memory':1073741824}},"}},
    {"amounts",
     {"'cpu':$ncpu,'memory':$nmemory", "'cpu':$ncpu", "'memory':$nmemory,'x.com/gpu':1",
      "'ephemeral-storage':'1Gi'"}},
    {"ncpu",
     {"'100m'", "'250m'", "1", "0.1", "'1e-1'", "'0'", "'.5'", "'33333n'", "1e-1",
      "'9223372036854775807'", "'x'"}},
    {"nmemory",
     {"'64Mi'", "67108864", "'128M'", "'1Gi'", "'0'", "1.5e8", "'100.5Mi'", "'134217728000m'",
      "'8Ei'"}},
    {"ports",
     {"", "'ports':[{'containerPort':$number,$port_more}],", "'ports':null,",
      "'ports':[{'containerPort':$number},{'containerPort':$number,$port_more}],"}},
    {"number", {"80", "8080", "443", "9090", "15000", "15001", "2020"}},
    {"port_more",
     {"", "'name':'http'", "'name':'admin','protocol':'UDP'", "'hostPort':$number",
      "'hostPort':8080,'hostIP':'127.0.0.1','name':'metrics'"}},
    {"mounts",
     {"", "'volumeMounts':[$mount],", "'volumeMounts':null,",
      "'volumeMounts':[$mount"
      "$mount],"}},
    {"mount",
     {"{'name':'data','mountPath':'$path'},",
      "{'name':'logs','mountPath':'$path',"
      "'readOnly':true},",
      "{'name':'shared','mountPath':'$path','subPath':'part'},"}},
    {"path",
     {"/data", "/data/", "/data/x", "/srv/logs", "/cfg", "/logs", "/var/log/app",
      "/var/run/secrets/kubernetes.io/serviceaccount"}},
    {"env",
     {"", "'env':[{'name':'$var','value':'1'}],",
      "'env':[{'name':'$var','value':''},{'name':"
      "'$var','valueFrom':{'fieldRef':{'fieldPath':'metadata.name'}}}],",
      "'env':null,'envFrom':[{"
      "'configMapRef':{'name':'c'}}],",
      "'envFrom':[{'prefix':'P_','secretRef':{'name':'s'}}],", "'env':[],"}},
    {"var", {"A", "B", "C", "LEVEL", "MODE", "HOST"}},
};

unsigned choose(struct choices *choices, unsigned most)
{
    if (choices->n == 0 || most < 2)
        return 0;
    choices->n--;
    return *choices->bytes++ % most;
}

static const char *alternative(struct pn_str name, struct choices *choices)
{
    for (size_t i = 0; i < PN_COUNT_OF(rules); i++) {
        unsigned n = 0;
        if (!pn_str_is(name, rules[i].name))
            continue;
        while (rules[i].alternatives[n] != NULL)
            n++;
        return rules[i].alternatives[choose(choices, n)];
    }
    abort(); /* a rule names another that is none */
}

static void drop_comma(struct pn_buf *out)
{
    if (out->len > 0 && out->data[out->len - 1] == ',')
        out->len--;
}

/* Quotes are written as apostrophes, and a quote within a text as \'. */
static void expand(struct pn_buf *out, const char *text, struct choices *choices)
{
    while (*text != '\0') {
        char c = *text++;
        struct pn_str name = {text, 0};
        if (c != '$') {
            if (c == '}' || c == ']')
                drop_comma(out);
            pn_buf_char(out, c == '\'' ? '"' : c);
            continue;
        }
        for (; (*text >= 'a' && *text <= 'z') || *text == '_'; text++)
            name.n++;
        expand(out, alternative(name, choices), choices);
    }
}

void write_review(struct pn_buf *out, struct choices *choices)
{
    expand(out, "$review", choices);
}
