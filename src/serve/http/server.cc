// The only file that knows Boost. Responses are written by hand: one gathering write each.
#include "serve/http/server.h"

#include "serve/http/json_write.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

namespace engine::serve::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using tcp = asio::ip::tcp;

std::string header_text(const HttpResponse& response, std::size_t body_bytes, bool keep_alive) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " " + reason(response.status) +
                     "\r\nContent-Type: " +
                     (response.binary.empty() ? response.type : "application/octet-stream") +
                     "\r\nContent-Length: " + std::to_string(body_bytes) + "\r\n";
  if (!response.binary.empty())
    text += "Inference-Header-Content-Length: " + std::to_string(response.text.size()) + "\r\n";
  for (const std::string& line : response.extra) text += line + "\r\n";
  if (!keep_alive) text += "Connection: close\r\n";
  return text + "\r\n";
}

// What is said before a connection is closed over what was read; 0: nothing.
int status_of(const error_code& got) {
  using beast::http::error;
  if (got == error::header_limit || got == error::buffer_overflow) return 431;
  if (got == error::body_limit) return 413;
  const bool malformed = got.category() == make_error_code(error::bad_method).category();
  return malformed && got != error::end_of_stream && got != error::partial_message ? 400 : 0;
}

HttpResponse encoded(const Api::Encode& encode) {
  try {
    return encode();
  } catch (const std::bad_alloc&) {
    return {.status = 503, .text = error_body("out of memory")};
  }
}

std::string header_of(const beast::http::fields& fields, std::string_view name) {
  const auto value = fields[beast::string_view(name.data(), name.size())];
  return {value.data(), value.size()};
}

// RFC 9112, section 6.1: who sends both may mean to smuggle a request.
bool two_lengths(const beast::http::fields& fields) {
  return fields.count(beast::http::field::content_length) > 0 &&
         fields.count(beast::http::field::transfer_encoding) > 0;
}

// RFC 9112, section 6.3: only `chunked`, alone and last, says where a body ends.
bool strange_coding(const beast::http::request<beast::http::string_body>& message) {
  const auto coding = beast::http::field::transfer_encoding;
  const std::size_t count = message.count(coding);
  if (count == 0) return false;
  return count > 1 || message.version() < 11 || !beast::iequals(message[coding], "chunked");
}

}  // namespace

class Connection;

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
  Impl(Repository& repository, const ServerOptions& options)
      : options(options),
        api(repository, options.control, options.memory, options.max_body,
            [this](const auto& model) { asio::post(io, [model] { model->batcher().help(); }); }) {}

  void handle(HttpRequest request, const Api::Reply& reply) {
    if (options.only_metrics) api.handle_metrics(request, reply);
    else api.handle(std::move(request), reply);
  }
  void listen();
  void accept();
  void accepted(const error_code& error, tcp::socket socket);
  void drain_connections(bool at_once);
  void work_off() noexcept;
  void count_answer() {
    const std::lock_guard lock(mutex);
    if (--in_flight == 0) answered.notify_all();
  }

  const ServerOptions options;
  Api api;
  std::mutex mutex;
  std::condition_variable answered;
  std::set<Connection*> connections;
  std::size_t in_flight = 0;  // requests whose reply has not come
  asio::io_context io;
  // Until `end`: a connection that waits for a model has nothing to do here.
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  tcp::acceptor acceptor{io};
  asio::steady_timer pause{io};
  std::vector<std::thread> threads;
};

// One request at a time: reads it, hands it over, writes the answer, reads the next. All its
// handlers run on its strand.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, std::shared_ptr<Server::Impl> server)
      : server_(std::move(server)),
        stream_(std::move(socket)),
        buffer_(std::size_t{server_->options.max_header} + (64 << 10)) {
    const std::lock_guard lock(server_->mutex);
    server_->connections.insert(this);
  }
  ~Connection() {
    const std::lock_guard lock(server_->mutex);
    server_->connections.erase(this);
  }

  void start() {
    error_code ignored;
    stream_.socket().set_option(tcp::no_delay(true), ignored);
    asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->read(); });
  }

  /// Closes the connection: after its answer, or if there is none to come, or else `at_once`.
  void drain(bool at_once) {
    asio::post(stream_.get_executor(), [self = shared_from_this(), at_once] {
      self->draining_ = true;
      if (self->idle_ || at_once) self->stream_.close();
    });
  }

 private:
  void read() {
    parser_.emplace();
    parser_->header_limit(server_->options.max_header);
    parser_->body_limit(server_->options.max_body);
    stream_.expires_after(server_->options.idle_timeout);
    idle_ = true;
    beast::http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->on_header(error); });
  }

  void on_header(const error_code& error) {
    idle_ = false;
    if (error) return fail(error);
    if (two_lengths(parser_->get()))
      return refuse(400, "Content-Length and Transfer-Encoding together");
    if (strange_coding(parser_->get()))
      return refuse(400, "Transfer-Encoding is something else than 'chunked'");
    take_header(parser_->get());
    stream_.expires_after(server_->options.body_timeout);
    if (beast::iequals(parser_->get()[beast::http::field::expect], "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      asio::async_write(stream_, asio::buffer(kContinue),
                        [self = shared_from_this()](error_code failed, std::size_t) {
                          if (!failed) self->read_body();
                        });
    } else {
      read_body();
    }
  }

  void read_body() {
    beast::http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->on_request(error); });
  }

  // Before the body: fields behind it, in a trailer, do not take the place of these.
  void take_header(const beast::http::request<beast::http::string_body>& message) {
    keep_alive_ = message.keep_alive();
    head_ = message.method() == beast::http::verb::head;
    request_ = {};
    request_.method = std::string(message.method_string());
    request_.target = std::string(message.target());
    request_.content_encoding = header_of(message, "Content-Encoding");
    request_.accept_encoding = header_of(message, "Accept-Encoding");
    if (message.count("Inference-Header-Content-Length"))
      request_.inference_header_length = header_of(message, "Inference-Header-Content-Length");
  }

  void on_request(const error_code& error) {
    if (error) return fail(error);
    request_.body = std::make_shared<const std::string>(std::move(parser_->get().body()));
    parser_.reset();
    stream_.expires_never();
    hand_over(std::move(request_));
  }

  void hand_over(HttpRequest request) {
    {
      const std::lock_guard lock(server_->mutex);
      ++server_->in_flight;
    }
    try {
      server_->handle(std::move(request), [self = shared_from_this()](Api::Encode encode) {
        Server::Impl& server = *self->server_;
        asio::post(self->stream_.get_executor(),
                   [self, encode = std::move(encode)] { self->write(encoded(encode)); });
        server.count_answer();
      });
    } catch (const std::bad_alloc&) {
      server_->count_answer();
      refuse(503, "out of memory");
    }
  }

  void write(HttpResponse response) {
    response_ = std::move(response);
    keep_alive_ &= !draining_;
    std::size_t bytes = response_.text.size();
    for (const Tensor& tensor : response_.binary) bytes += tensor.bytes();
    header_ = header_text(response_, bytes, keep_alive_);
    std::vector<asio::const_buffer> buffers = {asio::buffer(header_)};
    if (!head_) {
      buffers.push_back(asio::buffer(response_.text));
      for (const Tensor& tensor : response_.binary)
        buffers.emplace_back(tensor.data(), tensor.bytes());
    }
    stream_.expires_after(server_->options.body_timeout);
    asio::async_write(stream_, buffers, [self = shared_from_this()](error_code error, std::size_t) {
      self->on_written(error);
    });
  }

  void on_written(const error_code& error) {
    response_ = {};
    if (error) return stream_.close();
    if (keep_alive_ && !draining_) return read();
    // What still comes in is read and dropped, or closing would reset what was sent.
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(std::chrono::seconds(2));
    drop();
  }

  void drop() {
    if (draining_) return stream_.close();
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(64 << 10),
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (!error) self->drop();
                            });
  }

  void refuse(int status, std::string_view why) {
    keep_alive_ = head_ = false;
    write({.status = status, .text = error_body(why)});
  }

  void fail(const error_code& error) {
    const int status = status_of(error);
    if (status == 0) return stream_.close();
    refuse(status, status == 413   ? "the body is larger than this server takes"
                   : status == 431 ? "the header is larger than this server takes"
                                   : "this is no HTTP/1.1 request: " + error.message());
  }

  const std::shared_ptr<Server::Impl> server_;  // a model's thread may be the last to let go
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<beast::http::request_parser<beast::http::string_body>> parser_;
  HttpRequest request_;  // that is being read
  HttpResponse response_;
  std::string header_;
  bool idle_ = false, keep_alive_ = false, head_ = false, draining_ = false;
};

void Server::Impl::listen() {
  try {
    const tcp::endpoint endpoint(asio::ip::make_address(options.address), options.port);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen();
  } catch (const boost::system::system_error& error) {
    throw Error(ErrorCode::kIo, "cannot listen at " + options.address + ":" +
                                    std::to_string(options.port) + " (" + error.code().message() +
                                    ")");
  }
}

void Server::Impl::accept() {
  acceptor.async_accept(asio::make_strand(io), [this](error_code error, tcp::socket socket) {
    accepted(error, std::move(socket));
  });
}

void Server::Impl::accepted(const error_code& error, tcp::socket socket) {
  if (!acceptor.is_open()) return;
  if (error) {  // out of descriptors, for example
    pause.expires_after(std::chrono::milliseconds(50));
    return pause.async_wait([this](error_code cancelled) {
      if (!cancelled && acceptor.is_open()) accept();
    });
  }
  std::size_t open = 0;
  {
    const std::lock_guard lock(mutex);
    open = connections.size();
  }
  if (open < options.max_connections)
    std::make_shared<Connection>(std::move(socket), shared_from_this())->start();
  accept();
}

// A handler that throws, for want of memory as a rule, lets go of its connection and of nothing
// else.
void Server::Impl::work_off() noexcept {
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::exception&) {}
  }
}

Server::Server(Repository& repository, const ServerOptions& options)
    : impl_(std::make_shared<Impl>(repository, options)) {
  impl_->listen();
  impl_->accept();
  for (int i = 0; i < std::max(1, options.threads); ++i)
    impl_->threads.emplace_back([this] { impl_->work_off(); });
}

Server::~Server() {
  drain();
  end(Time::min());
}

std::uint16_t Server::port() const noexcept {
  error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

void Server::Impl::drain_connections(bool at_once) {
  std::vector<std::shared_ptr<Connection>> open;  // let go of without the lock
  const std::lock_guard lock(mutex);
  for (Connection* connection : connections)
    if (auto held = connection->weak_from_this().lock()) open.push_back(std::move(held));
  for (const auto& connection : open) connection->drain(at_once);
}

void Server::drain() {
  asio::post(impl_->io, [impl = impl_.get()] {
    error_code ignored;
    impl->acceptor.close(ignored);
    impl->pause.cancel();
  });
  impl_->drain_connections(false);
}

void Server::end(Time give_up) {
  {
    std::unique_lock lock(impl_->mutex);
    impl_->answered.wait(lock, [this] { return impl_->in_flight == 0; });
    while (!impl_->connections.empty() && std::chrono::steady_clock::now() < give_up) {
      lock.unlock();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      lock.lock();
    }
  }
  impl_->drain_connections(true);
  impl_->work.reset();
  for (std::thread& thread : impl_->threads)
    if (thread.joinable()) thread.join();
}

}  // namespace engine::serve::http
