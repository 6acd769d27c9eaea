package dev.podsnapshot.controller.identity;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate and its key: an authority's, or the server's. */
record Credential(X509Certificate certificate, PrivateKey key) {
  /** Clocks of a cluster differ. */
  private static final Duration SKEW = Duration.ofMinutes(5);

  /** A new authority, signed by itself. */
  static Credential authority(Instant now, Duration life) {
    var keys = keys();
    var serial = serial();
    // A name of its own, so that two authorities are never taken for one.
    var name = new X500Principal("CN=podsnapshot-ca-" + serial.toString(16));
    var builder = builder(name, serial, now, life, name, keys);
    try {
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      return sign(builder, keys.getPrivate(), keys.getPrivate());
    } catch (CertIOException e) {
      throw new IllegalStateException("constant extensions can be encoded", e);
    }
  }

  /** A server's certificate for the DNS names, signed by this authority; it never outlives it. */
  Credential issue(List<String> names, Instant now, Duration life) {
    var keys = keys();
    var untilEnd = Duration.between(now, certificate.getNotAfter().toInstant());
    var builder =
        builder(
            certificate.getSubjectX500Principal(),
            serial(),
            now,
            life.compareTo(untilEnd) < 0 ? life : untilEnd,
            new X500Principal("CN=podsnapshot-controller"),
            keys);
    try {
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(
          Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(
              names.stream()
                  .map(name -> new GeneralName(GeneralName.dNSName, name))
                  .toArray(GeneralName[]::new)));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(certificate));
      return sign(builder, key, keys.getPrivate());
    } catch (CertIOException | GeneralSecurityException e) {
      throw new IllegalStateException("these extensions can be encoded", e);
    }
  }

  boolean issuedBy(Credential authority) {
    try {
      certificate.verify(authority.certificate.getPublicKey());
      return certificate
          .getIssuerX500Principal()
          .equals(authority.certificate.getSubjectX500Principal());
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** Whether two thirds of its life are over. */
  boolean isDue(Instant now) {
    var begin = begin();
    var life = Duration.between(begin, end());
    return !now.isBefore(begin.plus(life.multipliedBy(2).dividedBy(3)));
  }

  boolean isOver(Instant now) {
    return !now.isBefore(end());
  }

  Duration age(Instant now) {
    return Duration.between(begin().plus(SKEW), now);
  }

  private Instant begin() {
    return certificate.getNotBefore().toInstant();
  }

  Instant end() {
    return certificate.getNotAfter().toInstant();
  }

  private static JcaX509v3CertificateBuilder builder(
      X500Principal issuer,
      BigInteger serial,
      Instant now,
      Duration life,
      X500Principal subject,
      KeyPair keys) {
    var builder =
        new JcaX509v3CertificateBuilder(
            issuer,
            serial,
            Date.from(now.minus(SKEW)),
            Date.from(now.plus(life)),
            subject,
            keys.getPublic());
    try {
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createSubjectKeyIdentifier(keys.getPublic()));
    } catch (CertIOException | GeneralSecurityException e) {
      throw new IllegalStateException("a key of ours has an identifier", e);
    }
    return builder;
  }

  private static Credential sign(
      JcaX509v3CertificateBuilder builder, PrivateKey signer, PrivateKey key) {
    try {
      var certificate = builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer));
      return new Credential(new JcaX509CertificateConverter().getCertificate(certificate), key);
    } catch (OperatorCreationException | GeneralSecurityException e) {
      throw new IllegalStateException("every Java runtime signs with ECDSA", e);
    }
  }

  private static KeyPair keys() {
    try {
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), new SecureRandom());
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java runtime has P-256", e);
    }
  }

  private static BigInteger serial() {
    return new BigInteger(127, new SecureRandom()).setBit(126);
  }
}
