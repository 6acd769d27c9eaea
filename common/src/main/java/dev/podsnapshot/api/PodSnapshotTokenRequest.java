package dev.podsnapshot.api;

import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/** A node's request for a short-lived token that is good for one snapshot's files only. */
@Group(PodSnapshotApi.GROUP)
@Version(PodSnapshotApi.VERSION)
@Kind("PodSnapshotTokenRequest")
@Plural("podsnapshottokenrequests")
@Singular("podsnapshottokenrequest")
@ShortNames("pstr")
public class PodSnapshotTokenRequest
    extends CustomResource<PodSnapshotTokenRequestSpec, ConditionedStatus> implements Namespaced {}
