package org.vivarium.images.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.function.LongConsumer;

/**
 * Fetches one file over HTTP and goes on where an earlier attempt stopped (RFC 9110, 14.2).
 *
 * @param address what to fetch
 * @param part where to; bytes that are there already are taken as the file's beginning
 * @param limit bytes that the whole file may have
 */
public record Download(URI address, Path part, long limit) {
  private static final Duration CONNECT = Duration.ofSeconds(20);
  private static final Duration HEADERS = Duration.ofSeconds(60);

  /**
   * Fetches the file. After a failure the part that was fetched stays for the next attempt.
   *
   * @param progress hears the bytes that are there so far
   * @throws IOException if the server cannot be reached, refuses, or sends more than the limit
   */
  public void run(LongConsumer progress) throws IOException {
    long have = Files.exists(part) ? Files.size(part) : 0;
    if (have >= limit) {
      Files.deleteIfExists(part);
      have = 0;
    }
    try (HttpClient client =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build()) {
      HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(HEADERS);
      if (have > 0) {
        request.header("Range", "bytes=" + have + "-");
      }
      HttpResponse<InputStream> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        boolean continued =
            response.statusCode() == 206
                && response
                    .headers()
                    .firstValue("Content-Range")
                    .orElse("")
                    .startsWith("bytes " + have + "-");
        if (!continued && response.statusCode() != 200) {
          // The part may be longer than the file has become; it must not block the next attempt.
          Files.deleteIfExists(part);
          throw new IOException("the server answered " + response.statusCode());
        }
        receive(body, continued ? have : 0, progress);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("stopped while waiting for the server", e);
    }
  }

  private void receive(InputStream body, long have, LongConsumer progress) throws IOException {
    StandardOpenOption how =
        have > 0 ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING;
    byte[] buffer = new byte[1 << 16];
    long done = have;
    try (OutputStream out =
        Files.newOutputStream(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, how)) {
      for (int n; (n = body.read(buffer)) >= 0; ) {
        done += n;
        if (done > limit) {
          throw new IOException("more than " + limit + " bytes");
        }
        out.write(buffer, 0, n);
        progress.accept(done);
      }
    }
  }
}
