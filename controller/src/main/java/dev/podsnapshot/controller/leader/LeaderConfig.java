package dev.podsnapshot.controller.leader;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

@ConfigMapping(prefix = "podsnapshot.leader")
public interface LeaderConfig {
  /** The Lease that the leader holds. */
  @WithDefault("podsnapshot-controller")
  String lease();

  /** Who this replica is; the name of its Pod, if that is set. */
  Optional<String> pod();

  /** Where the nodes reach this replica, if it leads: its Pod's address. */
  Optional<String> address();

  /** A leader that did not renew its Lease for so long leads no more. */
  @WithDefault("15s")
  Duration leaseDuration();

  /** A leader that could not renew its Lease for so long ends itself. */
  @WithDefault("10s")
  Duration renewDeadline();

  /** How often the Lease is renewed, or asked for. */
  @WithDefault("2s")
  Duration retryPeriod();
}
