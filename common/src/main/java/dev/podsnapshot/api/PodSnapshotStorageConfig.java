package dev.podsnapshot.api;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/** Where snapshots are stored. Cluster-scoped. */
@Group(PodSnapshotApi.GROUP)
@Version(PodSnapshotApi.VERSION)
@Kind("PodSnapshotStorageConfig")
@Plural("podsnapshotstorageconfigs")
@Singular("podsnapshotstorageconfig")
@ShortNames("pssc")
public class PodSnapshotStorageConfig
    extends CustomResource<PodSnapshotStorageConfigSpec, ConditionedStatus> {}
