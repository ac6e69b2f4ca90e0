#pragma once
// The nf_tables variant: table `ip overland`, and anchors in the tables iptables-nft and Docker
// work in.

#include <memory>

#include "firewall/driver.h"

namespace overland::firewall {

/// Needs nothing until it is used; then CAP_NET_ADMIN (kPrivilege) and nf_tables (kUnsupported).
std::unique_ptr<Driver> make_nft_driver();

}  // namespace overland::firewall
