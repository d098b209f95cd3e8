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

bool holds(const std::string& process, const std::string& devicePath) {
  for (const std::string& name : namesIn(process + "/fd")) {
    char target[4096];
    const ssize_t n = ::readlink((process + "/fd/" + name).c_str(), target, sizeof target);
    if (n <= 0) continue;
    const std::string link(target, static_cast<size_t>(n));
    if (link == devicePath || link == kBufferLink) return true;
  }
  return false;
}

std::string nameOf(const std::string& process) {
  Fd file(::open((process + "/comm").c_str(), O_RDONLY | O_CLOEXEC));
  char text[64];
  const ssize_t n = file ? ::read(file.get(), text, sizeof text) : 0;
  std::string name(text, static_cast<size_t>(std::max<ssize_t>(n, 0)));
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return name.empty() ? "a program" : name;
}

}  // namespace

std::string findHolder(const std::string& devicePath, const std::string& procPath) {
  const std::string self = std::to_string(::getpid());
  std::string holders;
  bool ours = false;
  for (const std::string& pid : namesIn(procPath)) {
    const std::string process = procPath + "/" + pid;
    if (!isNumber(pid) || !holds(process, devicePath)) continue;
    if (pid == self) {
      ours = true;
      continue;
    }
    if (!holders.empty()) holders += " or ";
    holders += nameOf(process) + " (process " + pid + ")";
  }
  return holders.empty() && ours ? "this program" : holders;
}

}  // namespace iio
