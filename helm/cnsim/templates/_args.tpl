{{- /* The command line of a pod's nodes. */ -}}

{{- define "cnsim.args" -}}
- serve
- --listen=0.0.0.0:5050
# On loopback only: whoever leads the nodes comes through a port-forward, and so past the API server.
- --control=127.0.0.1:4050
- --total-nodes={{ int64 .Values.totalNodes }}
- --nodes-per-pod={{ int64 .Values.nodesPerPod }}
- --pod-address={{ printf (include "cnsim.podAddress" .) "{}" }}
- --max-message={{ int64 .Values.maxMessage }}
- --accept-start={{ .Values.acceptStart }}
- --spool=/var/spool/cnsim/records.jsonl
- --spool-limit={{ mul .Values.spoolMiB 1048576 }}
{{- if .Values.driver }}
- --wait-for-driver
{{- else }}
{{- include "cnsim.experiment" . }}
{{- end }}
{{- end }}

{{- /* What a driver would say otherwise. */ -}}
{{- define "cnsim.experiment" }}
- --topology={{ ternary "/etc/cnsim/topology.json" .Values.topology (ne .Values.topologyConfigMap.name "") }}
- --seed={{ kindIs "string" .Values.seed | ternary .Values.seed (int64 .Values.seed) }}
- --protocol={{ .Values.protocol }}
{{- with .Values.inFlight }}
- --in-flight={{ int64 . }}
{{- end }}
{{- with .Values.forward }}
- --forward={{ . }}
{{- end }}
{{- with .Values.connections }}
- --connections={{ . }}
{{- end }}
{{- with .Values.deadline }}
- --deadline={{ kindIs "string" . | ternary . (int64 .) }}
{{- end }}
{{- with .Values.order }}
- --order={{ . }}
{{- end }}
{{- with .Values.condition }}
- {{ printf "--condition=%s" . | quote }}
{{- end }}
{{- end }}
