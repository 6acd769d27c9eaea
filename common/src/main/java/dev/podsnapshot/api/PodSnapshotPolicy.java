package dev.podsnapshot.api;

import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/** Which Pods are snapshotted and restored, and how. */
@Group(PodSnapshotApi.GROUP)
@Version(PodSnapshotApi.VERSION)
@Kind("PodSnapshotPolicy")
@Plural("podsnapshotpolicies")
@Singular("podsnapshotpolicy")
@ShortNames("psp")
public class PodSnapshotPolicy extends CustomResource<PodSnapshotPolicySpec, ConditionedStatus>
    implements Namespaced {}
