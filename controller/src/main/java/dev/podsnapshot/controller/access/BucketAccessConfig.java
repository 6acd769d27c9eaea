package dev.podsnapshot.controller.access;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.util.Optional;

@ConfigMapping(prefix = "podsnapshot.bucket-access")
public interface BucketAccessConfig {
  /**
   * The workload identity provider that knows this cluster, as a token exchange names it: {@code
   * //iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/NAME}.
   * Without one, {@code tokenSource: podKSA} has no effect.
   */
  Optional<String> provider();

  /**
   * For whom the ServiceAccounts' tokens are made: an audience that the provider allows. If not
   * given, what every provider allows: {@code https:} and its name.
   */
  Optional<String> tokenAudience();

  /**
   * Whether {@code tokenSource: federatedP4SA} has an effect: nodes get tokens of the controller's
   * own credentials that open one snapshot's folder. Without it, they use credentials of their own.
   */
  @WithDefault("false")
  boolean federated();

  /** Where tokens are exchanged, if not at Google: a server for trying out. */
  Optional<URI> exchange();
}
