package dev.podsnapshot.controller.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.controller.identity.Credentials.Lives;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CredentialsTest {
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
  private static final List<String> NAMES = List.of("controller.system", "controller");
  private static final Lives LIVES =
      new Lives(Duration.ofDays(730), Duration.ofDays(1), Duration.ofDays(30));

  private static Instant day(int n) {
    return BEGIN.plus(Duration.ofDays(n));
  }

  private static Credentials first() {
    return Credentials.NONE.at(BEGIN, NAMES, LIVES);
  }

  private static Credential serving(Credentials credentials) {
    return credentials.serving().orElseThrow();
  }

  @Test
  void theFirstAuthoritySignsAtOnce() throws GeneralSecurityException {
    var first = first();
    assertEquals(1, first.authorities().size());
    assertTrue(serving(first).issuedBy(first.authorities().getFirst()));
    assertEquals(day(30), serving(first).end());
    assertEquals(-1, serving(first).certificate().getBasicConstraints());
    assertEquals(List.of("1.3.6.1.5.5.7.3.1"), serving(first).certificate().getExtendedKeyUsage());
  }

  @Test
  void nothingIsDoneBeforeItIsDue() {
    var first = first();
    assertEquals(first, first.at(day(19), NAMES, LIVES));
  }

  @Test
  void aServingCertificateIsRenewedAfterTwoThirdsOfItsLife() {
    var first = first();
    var next = first.at(day(20), NAMES, LIVES);
    assertNotEquals(serving(first), serving(next));
    assertEquals(first.authorities(), next.authorities());
    assertEquals(day(50), serving(next).end());
  }

  @Test
  void anAuthorityIsKnownBeforeItSigns() {
    var first = first();
    var due = first.at(day(487), NAMES, LIVES);
    assertEquals(2, due.authorities().size());
    var old = due.authorities().getFirst();
    var young = due.authorities().getLast();
    assertEquals(first.authorities().getFirst(), old);
    assertTrue(serving(due).issuedBy(old), "no node knows the new one yet");
    var later = due.at(day(487 + 20), NAMES, LIVES);
    assertTrue(serving(later).issuedBy(young));
    assertEquals(2, later.authorities().size(), "what the old one signed may still be shown");
    assertEquals(List.of(young), later.at(day(730), NAMES, LIVES).authorities());
  }

  @Test
  void aServingCertificateNeverOutlivesItsAuthority() {
    var brief = new Lives(Duration.ofDays(10), Duration.ofDays(1), Duration.ofDays(30));
    assertEquals(day(10), serving(Credentials.NONE.at(BEGIN, NAMES, brief)).end());
  }

  @Test
  void otherNamesNeedAnotherCertificate() {
    var first = first();
    var next = first.at(BEGIN, List.of("controller.elsewhere"), LIVES);
    assertNotEquals(serving(first), serving(next));
  }

  @Test
  void aCertificateOfAnUnknownAuthorityIsReplaced() {
    var first = first();
    var stranger = new Credentials(first().authorities(), first.serving());
    var next = stranger.at(BEGIN, NAMES, LIVES);
    assertTrue(serving(next).issuedBy(stranger.authorities().getFirst()));
  }

  @Test
  void whatIsKeptIsRead() throws GeneralSecurityException {
    var credentials = first().at(day(487), NAMES, LIVES);
    assertEquals(credentials, Credentials.parse(credentials.toData()));
    assertEquals(Credentials.NONE, Credentials.parse(Map.of()));
  }

  @Test
  void whatIsPublishedHoldsNoKey() {
    assertFalse(first().trusted().contains("PRIVATE"));
    assertEquals(2, first().at(day(487), NAMES, LIVES).trusted().split("BEGIN CERT").length - 1);
  }

  @Test
  void garbageIsRefused() {
    assertThrows(
        GeneralSecurityException.class,
        () -> Credentials.parse(Map.of("tls.crt", "x", "tls.key", "y")));
    var data = new HashMap<>(first().toData());
    data.put("tls.key", "-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----\n");
    assertThrows(GeneralSecurityException.class, () -> Credentials.parse(data));
    data.remove("tls.key");
    assertThrows(GeneralSecurityException.class, () -> Credentials.parse(data));
  }
}
