#include "firewall/nft/transaction.h"

#include "firewall/nft/batch.h"
#include "netlink/netlink_socket.h"

namespace overland::firewall::nft {

void carry_out(const std::vector<Command>& commands) {
  if (commands.empty()) return;
  Batch batch;
  for (const Command& command : commands) batch.take(command);
  batch.finish();
  netlink::Socket(NETLINK_NETFILTER).execute_whole(batch.bytes(), [&](const nlmsghdr& verdict) {
    const netlink::Refusal refusal = netlink::read_refusal(verdict);
    if (refusal.error == 0) return;
    const auto command = batch.command_of(verdict.nlmsg_seq);
    throw netlink::refusal_error(
        "nf_tables" + (command ? ": " + to_string(commands[*command]) : ""), refusal);
  });
}

}  // namespace overland::firewall::nft
