#pragma once
// All legacy tables that live here as one sum: they have no generation to go by.

#include "base/digest.h"

namespace overland::firewall::legacy {

/// Each table with its chains, policies and rules, and the ipsets of earlier versions; without
/// counters. Changes nothing. Throws what libiptc's errors are.
void add_tables(base::Digest& sum);

}  // namespace overland::firewall::legacy
