package dev.podsnapshot.fleet;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jboss.logging.Logger;

/**
 * Trusts what the authorities in a file signed, as the file is at each handshake: it may come after
 * this process has started, and changes when an authority is rotated. The system's own authorities
 * count for nothing here. The server's name is compared by the TLS layer below.
 */
public final class ControllerTrust extends X509ExtendedTrustManager {
  private static final Logger LOG = Logger.getLogger(ControllerTrust.class);

  private final Path authorities;

  public ControllerTrust(Path authorities) {
    this.authorities = authorities;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    check(trust -> trust.checkServerTrusted(chain, type, engine));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    check(trust -> trust.checkServerTrusted(chain, type, socket));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    check(trust -> trust.checkServerTrusted(chain, type));
  }

  private interface Check {
    void by(X509ExtendedTrustManager trust) throws CertificateException;
  }

  /** Says why: the caller sees no more than that the controller is unavailable. */
  private void check(Check check) throws CertificateException {
    try {
      check.by(trust());
    } catch (CertificateException e) {
      LOG.warnf("phase=trust the controller is not trusted: %s", e.getMessage());
      throw e;
    }
  }

  private X509ExtendedTrustManager trust() throws CertificateException {
    try {
      var keys = KeyStore.getInstance(KeyStore.getDefaultType());
      keys.load(null, null);
      var bytes = new ByteArrayInputStream(Files.readAllBytes(authorities));
      for (var ca : CertificateFactory.getInstance("X.509").generateCertificates(bytes)) {
        keys.setCertificateEntry("authority-" + keys.size(), ca);
      }
      if (keys.size() == 0) {
        throw new CertificateException("no certificate is in " + authorities);
      }
      var factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(keys);
      return (X509ExtendedTrustManager) factory.getTrustManagers()[0];
    } catch (IOException e) {
      throw new CertificateException("its authorities can't be read: " + e, e);
    } catch (CertificateException e) {
      throw e;
    } catch (GeneralSecurityException e) {
      throw new CertificateException(e);
    }
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("this is no server");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    throw new CertificateException("this is no server");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    throw new CertificateException("this is no server");
  }
}
