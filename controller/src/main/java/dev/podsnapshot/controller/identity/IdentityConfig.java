package dev.podsnapshot.controller.identity;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

@ConfigMapping(prefix = "podsnapshot.identity")
public interface IdentityConfig {
  /** The Secret in which the authorities and the serving certificate are. */
  @WithDefault("podsnapshot-controller-tls")
  String secret();

  /** The ConfigMap from which the nodes take the authorities' certificates. */
  @WithDefault("podsnapshot-ca")
  String authoritiesConfigMap();

  /** More names by which nodes call the controller, beside those of its Service. */
  Optional<List<String>> serverNames();

  /** The Service before the controller. */
  @WithDefault("podsnapshot-controller")
  String service();

  /** How long an authority is valid; the next one is made after two thirds. */
  @WithDefault("730d")
  Duration authorityLife();

  /** How long a new authority is published before it signs: every node must know it by then. */
  @WithDefault("1d")
  Duration authorityNotice();

  /** How long a serving certificate is valid; the next one is made after two thirds. */
  @WithDefault("30d")
  Duration servingLife();

  /** How often the Secret is looked at: an administrator or another replica may have changed it. */
  @WithDefault("1m")
  Duration interval();

  /** The audience for which the nodes' tokens are made. */
  @WithDefault("podsnapshot-controller")
  String audience();

  /** The nodes' ServiceAccount, in the controller's own namespace. */
  @WithDefault("pod-snapshot-agent")
  String agentAccount();

  /** How long a token counts as good after the API server said so. */
  @WithDefault("1m")
  Duration reviewAge();

  /** How long a token counts as bad after the API server said so. */
  @WithDefault("10s")
  Duration refusalAge();
}
