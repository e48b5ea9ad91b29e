{{- /* What the templates share: names, labels, the effective limits, and the checks that a schema cannot make. */ -}}

{{- /* Labels that tell this release's nodes from every other pod; they never change while the release lives. */ -}}
{{- define "cnsim.selector" -}}
app.kubernetes.io/name: cnsim
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: node
{{- end }}

{{- /* What every object of the release has besides: its component is the caller's. */ -}}
{{- define "cnsim.standardLabels" -}}
app.kubernetes.io/name: cnsim
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- /* Labels of the objects; one's own come before the standard ones. */ -}}
{{- define "cnsim.labels" -}}
{{- toYaml (merge (deepCopy .Values.labels) (dict "app.kubernetes.io/component" "node") (include "cnsim.standardLabels" . | fromYaml)) -}}
{{- end }}

{{- /* Labels of the nodes' pods. */ -}}
{{- define "cnsim.podLabels" -}}
{{- toYaml (merge (deepCopy .Values.podLabels) (include "cnsim.labels" . | fromYaml)) -}}
{{- end }}

{{- /* Annotations of the nodes' pods: the network plugin reads the bandwidth here. */ -}}
{{- define "cnsim.podAnnotations" -}}
{{- $annotations := dict "kubectl.kubernetes.io/default-container" "node" -}}
{{- with include "cnsim.bandwidth" . -}}
{{- $_ := merge $annotations (dict "kubernetes.io/ingress-bandwidth" . "kubernetes.io/egress-bandwidth" .) -}}
{{- end -}}
{{- toYaml (merge (deepCopy .Values.podAnnotations) $annotations) -}}
{{- end }}

{{- define "cnsim.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "cnsim.pods" -}}
{{- div (sub (add .Values.totalNodes .Values.nodesPerPod) 1) .Values.nodesPerPod -}}
{{- end }}

{{- /* Host name of a pod, its ordinal left open as %s. Absolute, so that no search list is tried. */ -}}
{{- define "cnsim.podAddress" -}}
{{ .Release.Name }}-%s.{{ .Release.Name }}.{{ .Release.Namespace }}.svc.{{ .Values.clusterDomain }}.
{{- end }}

{{- /* Bits per second, or nothing. */ -}}
{{- define "cnsim.bandwidth" -}}
{{- if .Values.bandwidth -}}
{{ .Values.bandwidth }}
{{- else if contains "bandwidth" .Values.testType -}}
5M
{{- end -}}
{{- end }}

{{- /* The container's resources with the memory that was asked for. */ -}}
{{- define "cnsim.resources" -}}
{{- $memory := .Values.memory -}}
{{- if and (contains "memory" .Values.testType) (not $memory.request) (not $memory.limit) -}}
{{- $memory = dict "request" "120Mi" "limit" "150Mi" -}}
{{- end -}}
{{- $resources := deepCopy .Values.resources -}}
{{- with $memory.limit -}}
{{- $_ := set $resources "limits" (merge (dict "memory" .) ($resources.limits | default dict)) -}}
{{- end -}}
{{- with $memory.request | default $memory.limit -}}
{{- $_ := set $resources "requests" (merge (dict "memory" .) ($resources.requests | default dict)) -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end }}

{{- /* What every pod of the chart has: nothing of the API, nobody's rights, and the places it may run in. */ -}}
{{- define "cnsim.podSpec" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "cnsim.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* Refuses what would be installed and then not work. */ -}}
{{- define "cnsim.check" -}}
{{- if or (gt (len .Release.Name) 52) (not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" .Release.Name)) -}}
{{- fail (printf "release name %q: a StatefulSet and its service need at most 52 lower-case letters, digits and -, a letter first" .Release.Name) -}}
{{- end -}}
{{- with .Values.bandwidth -}}
{{- if not (regexMatch "^[1-9][0-9]*(k|M|G|Ki|Mi|Gi)$" .) -}}
{{- fail (printf "bandwidth %q: write bits per second as a whole number with k, M or G, as 500k or 5M" .) -}}
{{- end -}}
{{- end -}}
{{- range $name, $quantity := .Values.memory -}}
{{- if and $quantity (not (regexMatch "^[1-9][0-9]*(k|M|G|Ki|Mi|Gi)$" $quantity)) -}}
{{- fail (printf "memory.%s %q: write bytes as a whole number with Ki, Mi or Gi, as 150Mi" $name $quantity) -}}
{{- end -}}
{{- end -}}
{{- if and (include "cnsim.bandwidth" .) (gt (int .Values.nodesPerPod) 1) -}}
{{- fail (printf "nodesPerPod %d with bandwidth %s: a bandwidth limit cannot touch the links inside a pod; set nodesPerPod=1, or leave the bandwidth out" (int .Values.nodesPerPod) (include "cnsim.bandwidth" .)) -}}
{{- end -}}
{{- if and .Values.topologyConfigMap.name (ne .Values.topology "complete") -}}
{{- fail (printf "topology %s with topologyConfigMap.name %s: give one of them" .Values.topology .Values.topologyConfigMap.name) -}}
{{- end -}}
{{- range $key, $value := include "cnsim.selector" . | fromYaml -}}
{{- if or (hasKey $.Values.labels $key) (hasKey $.Values.podLabels $key) -}}
{{- fail (printf "label %s: it tells the release's pods apart, and cannot be set by labels or podLabels" $key) -}}
{{- end -}}
{{- end -}}
{{- end }}
