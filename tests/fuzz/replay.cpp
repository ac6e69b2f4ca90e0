// Stands in for libFuzzer where there is none: runs a target over its seeds and over mutations of
// them, the same ones each time. PROGRAM MUTATIONS FOLDER...

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

std::vector<Bytes> seeds(int count, char** folders) {
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < count; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(folders[i])) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Bytes> contents = {{}};
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    contents.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return contents;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<Bytes>& seeds) : seeds_(seeds) {}

  Bytes next() {
    Bytes bytes = seeds_[below(seeds_.size())];
    for (std::size_t i = 0; i <= below(4); ++i) change(bytes);
    return bytes;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % std::max<std::size_t>(limit, 1); }

  void change(Bytes& bytes) {
    const std::size_t at = below(bytes.size() + 1);
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto value = static_cast<std::uint8_t>(random_());
    switch (below(5)) {
      case 0:
        bytes.insert(place, value);
        return;
      case 1:
        bytes.resize(at);
        return;
      case 2: {
        const Bytes& other = seeds_[below(seeds_.size())];
        bytes.insert(place, other.begin(),
                     other.begin() + static_cast<std::ptrdiff_t>(below(other.size() + 1)));
        return;
      }
      default:
        if (at < bytes.size()) bytes[at] = below(2) == 0 ? value : bytes[below(bytes.size())];
    }
  }

  const std::vector<Bytes>& seeds_;
  std::mt19937_64 random_{20100};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  const auto all = seeds(argc - 2, argv + 2);
  for (const auto& seed : all) LLVMFuzzerTestOneInput(seed.data(), seed.size());
  Mutator mutator(all);
  const int mutations = std::stoi(argv[1]);
  for (int i = 0; i < mutations; ++i) {
    const Bytes bytes = mutator.next();
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  std::cout << all.size() << " seeds, " << mutations << " mutations\n";
  return 0;
}
