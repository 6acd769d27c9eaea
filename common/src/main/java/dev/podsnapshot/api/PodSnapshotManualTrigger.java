package dev.podsnapshot.api;

import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/** A request to snapshot one Pod now. */
@Group(PodSnapshotApi.GROUP)
@Version(PodSnapshotApi.VERSION)
@Kind("PodSnapshotManualTrigger")
@Plural("podsnapshotmanualtriggers")
@Singular("podsnapshotmanualtrigger")
@ShortNames("psmt")
public class PodSnapshotManualTrigger
    extends CustomResource<PodSnapshotManualTriggerSpec, PodSnapshotManualTriggerStatus>
    implements Namespaced {}
