package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBinding;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.node.v1.RuntimeClass;
import java.util.List;
import java.util.Set;

/**
 * What a preflight check looks at.
 *
 * @param kinds those that the API serves in v1
 * @param previewKinds those that it serves in v1alpha1
 * @param agents the Pods of the agent's DaemonSet
 */
record ClusterFacts(
    String system,
    Lookup<Set<String>> kinds,
    Lookup<Set<String>> previewKinds,
    Lookup<Deployment> controller,
    Lookup<DaemonSet> agent,
    Lookup<List<Pod>> agents,
    Lookup<RuntimeClass> runtimeClass,
    Lookup<List<Node>> nodes,
    Lookup<ValidatingAdmissionPolicy> admission,
    Lookup<ValidatingAdmissionPolicyBinding> admissionBinding,
    Lookup<List<PodSnapshotStorageConfig>> storageConfigs,
    Lookup<List<PodSnapshotPolicy>> policies) {}
