// What a host is asked, and how the answers are told apart.

#include "init/found.h"

namespace overland::init {

std::string_view script() {
  // Each line of an answer begins with a blank, so that none can be taken for a heading; a program
  // that is not there answers nothing.
  return R"sh(LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
as= late=
[ "$(id -u)" = 0 ] || ! sudo -n true 2>/dev/null || as='sudo -n'
! command -v timeout >/dev/null || late='timeout 10'
part() { echo; echo "@$1"; shift; "$@" 2>/dev/null | sed 's/^/ /'; }
command_line() { tr '\000' '\n' < "/proc/$(cat /run/docker.pid)/cmdline"; }
networks() { $late $as docker network ls -q --no-trunc | xargs $late $as docker network inspect; }
echo; echo '@overland 1'
part hostname cat /proc/sys/kernel/hostname
part addresses ip -j -d address show
part routes ip -j -4 route show table main
part daemon.json $as cat /etc/docker/daemon.json
part dockerd command_line
part unit cat /etc/systemd/system/docker.service /etc/systemd/system/docker.service.d/*.conf
part options cat /etc/default/docker /etc/sysconfig/docker
part networks networks
part forward $as iptables -S FORWARD
part nat $as iptables -t nat -S POSTROUTING
part flannel cat /run/flannel/subnet.env
echo; echo '@end'
)sh";
}

}  // namespace overland::init
