package dev.podsnapshot.api;

import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/** One snapshot of one Pod; its name is a UUID. */
@Group(PodSnapshotApi.GROUP)
@Version(PodSnapshotApi.VERSION)
@Kind("PodSnapshot")
@Plural("podsnapshots")
@Singular("podsnapshot")
@ShortNames("ps")
public class PodSnapshot extends CustomResource<PodSnapshotSpec, PodSnapshotStatus>
    implements Namespaced {}
