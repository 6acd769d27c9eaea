package dev.podsnapshot.controller.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What an answer of the API server means. */
class TokenReviewsTest {
  private static final String AGENT = "system:serviceaccount:system:pod-snapshot-agent";
  private static final String AUDIENCE = "podsnapshot-controller";

  private static TokenReview answer(
      boolean authenticated, String user, List<String> audiences, String... nodes) {
    return new TokenReviewBuilder()
        .withNewStatus()
        .withAuthenticated(authenticated)
        .withAudiences(audiences)
        .withNewUser()
        .withUsername(user)
        .withExtra(nodes.length == 0 ? null : Map.of(TokenReviews.NODE_NAME, List.of(nodes)))
        .endUser()
        .endStatus()
        .build();
  }

  private static String outcome(TokenReview answer) {
    return switch (TokenReviews.judge(answer, AUDIENCE, AGENT)) {
      case Review.Accepted accepted -> accepted.node().node();
      case Review.Refused refused -> refused.refusal().reason();
    };
  }

  @Test
  void theAgentOnANodeIsThatNode() {
    assertEquals("node1", outcome(answer(true, AGENT, List.of(AUDIENCE), "node1")));
    assertEquals("node1", outcome(answer(true, AGENT, List.of("x", AUDIENCE), "node1")));
  }

  @Test
  void aTokenThatIsNotValidIsRefused() {
    assertEquals("bad_token", outcome(answer(false, AGENT, List.of(AUDIENCE), "node1")));
    assertEquals("bad_token", outcome(new TokenReview()));
  }

  @Test
  void aTokenForSomebodyElseIsRefused() {
    assertEquals("other_audience", outcome(answer(true, AGENT, List.of("api"), "node1")));
    assertEquals("other_audience", outcome(answer(true, AGENT, List.of(), "node1")));
    assertEquals("other_audience", outcome(answer(true, AGENT, null, "node1")));
  }

  @Test
  void aTokenOfAnotherAccountIsRefused() {
    for (var user :
        List.of(
            "system:serviceaccount:default:pod-snapshot-agent",
            "system:serviceaccount:system:default",
            "system:node:node1",
            "")) {
      assertEquals("other_account", outcome(answer(true, user, List.of(AUDIENCE), "node1")));
    }
  }

  @Test
  void aTokenThatNamesNotOneNodeIsRefused() {
    assertEquals("no_node", outcome(answer(true, AGENT, List.of(AUDIENCE))));
    assertEquals("no_node", outcome(answer(true, AGENT, List.of(AUDIENCE), " ")));
    assertEquals("no_node", outcome(answer(true, AGENT, List.of(AUDIENCE), "node1", "node2")));
  }
}
