package dev.podsnapshot.controller.identity;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the controller proves itself by. Pure: what is due at a time follows from what is there.
 *
 * @param authorities that nodes trust, the oldest first
 * @param serving the certificate that is shown to them
 */
record Credentials(List<Credential> authorities, Optional<Credential> serving) {
  static final Credentials NONE = new Credentials(List.of(), Optional.empty());

  private static final Pattern AUTHORITY = Pattern.compile("ca-(\\d+)\\.crt");
  private static final Base64.Encoder PEM = Base64.getMimeEncoder(64, new byte[] {'\n'});

  Credentials {
    authorities = List.copyOf(authorities);
  }

  /**
   * How long things are valid.
   *
   * @param notice how long an authority is known before it signs
   */
  record Lives(Duration authority, Duration notice, Duration serving) {}

  /**
   * The credentials that should be there now: these, if nothing is due.
   *
   * @param names DNS names of the server
   */
  Credentials at(Instant now, List<String> names, Lives lives) {
    var trusted = new ArrayList<>(authorities.stream().filter(a -> !a.isOver(now)).toList());
    if (trusted.isEmpty() || trusted.getLast().isDue(now)) {
      trusted.add(Credential.authority(now, lives.authority()));
    }
    var kept =
        serving
            .filter(s -> !s.isDue(now))
            .filter(s -> namesOf(s.certificate()).equals(Set.copyOf(names)))
            .filter(s -> trusted.stream().anyMatch(s::issuedBy));
    return new Credentials(
        trusted,
        Optional.of(
            kept.orElseGet(
                () -> signer(trusted, now, lives.notice()).issue(names, now, lives.serving()))));
  }

  /** The newest that every node knows by now; the first one of all has nobody to wait for. */
  private static Credential signer(List<Credential> trusted, Instant now, Duration notice) {
    return trusted.reversed().stream()
        .filter(a -> a.age(now).compareTo(notice) >= 0)
        .findFirst()
        .orElse(trusted.getFirst());
  }

  private static Set<String> namesOf(X509Certificate certificate) {
    try {
      var names = certificate.getSubjectAlternativeNames();
      return names == null
          ? Set.of()
          : names.stream().map(name -> String.valueOf(name.get(1))).collect(Collectors.toSet());
    } catch (GeneralSecurityException e) {
      return Set.of();
    }
  }

  /** What nodes shall trust, as PEM. */
  String trusted() {
    return authorities.stream().map(a -> pem(a.certificate())).collect(Collectors.joining());
  }

  /** As it is kept in a Secret. */
  Map<String, String> toData() {
    var data = new TreeMap<String, String>();
    for (var i = 0; i < authorities.size(); i++) {
      data.put("ca-%d.crt".formatted(i), pem(authorities.get(i).certificate()));
      data.put("ca-%d.key".formatted(i), pem(authorities.get(i)));
    }
    serving.ifPresent(
        s -> {
          data.put("tls.crt", pem(s.certificate()));
          data.put("tls.key", pem(s));
        });
    return data;
  }

  /**
   * Reads what {@link #toData} wrote. What is missing is missing here too.
   *
   * @throws GeneralSecurityException if an entry is not what its name says
   */
  static Credentials parse(Map<String, String> data) throws GeneralSecurityException {
    var byNumber = new TreeMap<Integer, Credential>();
    for (var name : data.keySet()) {
      var authority = AUTHORITY.matcher(name);
      if (authority.matches()) {
        var number = Integer.parseInt(authority.group(1));
        byNumber.put(number, credential(data, "ca-" + number));
      }
    }
    return new Credentials(
        List.copyOf(byNumber.values()),
        data.containsKey("tls.crt") ? Optional.of(credential(data, "tls")) : Optional.empty());
  }

  private static Credential credential(Map<String, String> data, String name)
      throws GeneralSecurityException {
    var certificate =
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(
                    data.get(name + ".crt").getBytes(StandardCharsets.US_ASCII)));
    var key = data.getOrDefault(name + ".key", "").replaceAll("-----[^-]*-----|\\s", "");
    try {
      return new Credential(
          (X509Certificate) certificate,
          KeyFactory.getInstance("EC")
              .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(key))));
    } catch (IllegalArgumentException e) {
      throw new GeneralSecurityException(name + ".key is no PEM", e);
    }
  }

  private static String pem(X509Certificate certificate) {
    try {
      return pem("CERTIFICATE", certificate.getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that was read can be written", e);
    }
  }

  private static String pem(Credential credential) {
    return pem("PRIVATE KEY", credential.key().getEncoded());
  }

  private static String pem(String type, byte[] der) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(type, PEM.encodeToString(der), type);
  }
}
