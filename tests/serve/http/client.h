// A client of HTTP/1.1 that sends whatever bytes a test wants.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace engine::serve::http::test {

struct Answer {
  int status = 0;                              ///< 0: the connection was closed instead
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{60, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;

  bool connected() const { return connected_; }

  /// What the server does not take, because it has closed, is dropped.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// The next answer; one with a status of 1xx counts.
  Answer receive(bool head = false) {
    std::size_t end;
    while ((end = pending_.find("\r\n\r\n")) == pending_.npos)
      if (!read()) return {};
    Answer answer = parse(pending_.substr(0, end + 2));
    pending_.erase(0, end + 4);
    const auto length = answer.headers.find("content-length");
    if (length == answer.headers.end() || head) return answer;
    const std::size_t bytes = std::stoul(length->second);
    while (pending_.size() < bytes)
      if (!read()) return {};
    answer.body = pending_.substr(0, bytes);
    pending_.erase(0, bytes);
    return answer;
  }

  Answer ask(std::string_view bytes) {
    send(bytes);
    return receive();
  }

  /// Whether the server closes, without another byte.
  bool closes() { return pending_.empty() && !read(); }

 private:
  bool read() {
    char part[4096];
    const ssize_t got = ::recv(socket_, part, sizeof part, 0);
    if (got > 0) pending_.append(part, static_cast<std::size_t>(got));
    return got > 0;
  }

  static Answer parse(const std::string& head) {
    Answer answer;
    answer.status = std::stoi(head.substr(9, 3));
    std::size_t line = head.find("\r\n") + 2;
    while (line < head.size()) {
      const std::size_t end = head.find("\r\n", line), colon = head.find(": ", line);
      std::string name = head.substr(line, colon - line);
      for (char& c : name) c = static_cast<char>(std::tolower(c));
      answer.headers[name] = head.substr(colon + 2, end - colon - 2);
      line = end + 2;
    }
    return answer;
  }

  int socket_;
  bool connected_ = false;
  std::string pending_;
};

inline std::string get(const std::string& path, const std::string& method = "GET") {
  return method + " " + path + " HTTP/1.1\r\nHost: here\r\n\r\n";
}

/// `headers` are whole lines.
inline std::string post(const std::string& path, const std::string& body,
                        const std::string& headers = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: here\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace engine::serve::http::test
