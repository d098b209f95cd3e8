#include "probe-holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "fs-fd.h"

namespace iio {
namespace {

constexpr const char* kBufferLink = "anon_inode:iio:buffer";

struct Closer {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

std::vector<std::string> namesIn(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, Closer> dir(::opendir(path.c_str()));
  if (!dir) return names;
  while (const dirent* entry = ::readdir(dir.get())) names.emplace_back(entry->d_name);
  return names;
}

bool isNumber(const std::string& name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

enum class Hold { None, SomeBuffer, Device };

Hold holdOf(const std::string& process, const std::string& devicePath) {
  Hold hold = Hold::None;
  for (const std::string& name : namesIn(process + "/fd")) {
    char target[4096];
    const ssize_t n = ::readlink((process + "/fd/" + name).c_str(), target, sizeof target);
    if (n <= 0) continue;
    const std::string link(target, static_cast<size_t>(n));
    if (link == devicePath) return Hold::Device;
    if (link == kBufferLink) hold = Hold::SomeBuffer;
  }
  return hold;
}

std::string nameOf(const std::string& process) {
  Fd file(::open((process + "/comm").c_str(), O_RDONLY | O_CLOEXEC));
  char text[64];
  const ssize_t n = file ? ::read(file.get(), text, sizeof text) : 0;
  std::string name(text, static_cast<size_t>(std::max<ssize_t>(n, 0)));
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return name.empty() ? "a program" : name;
}

void join(std::string& list, const std::string& name) {
  list += (list.empty() ? "" : " or ") + name;
}

}  // namespace

std::string findHolder(const std::string& devicePath, const std::string& procPath) {
  const std::string self = std::to_string(::getpid());
  std::string holders, perhaps;
  bool ours = false;
  for (const std::string& pid : namesIn(procPath)) {
    const std::string process = procPath + "/" + pid;
    const Hold hold = isNumber(pid) ? holdOf(process, devicePath) : Hold::None;
    if (hold == Hold::None) continue;
    if (pid == self) {
      ours = ours || hold == Hold::Device;
      continue;
    }
    join(hold == Hold::Device ? holders : perhaps, nameOf(process) + " (process " + pid + ")");
  }
  if (!holders.empty()) return holders;
  if (ours) return "this program";
  return perhaps.empty() ? "" : "another program, perhaps " + perhaps;
}

}  // namespace iio
