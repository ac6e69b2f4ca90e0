# fish completion for overland(8). It reads the program's own help, so it knows what the program knows.

function __overland_verbs
    overland --help 2>/dev/null | sed -n '/^Verbs:/,/^$/s/^  \([a-z]\{2,\}\) *\(.*\)/\1\t\2/p'
end

function __overland_options
    set --local words (commandline --tokenize --cut-at-cursor --current-process)
    test (count $words) -ge 2; or return
    overland $words[2] --help 2>/dev/null | grep -oE -- '(^|[^[:alnum:]-])--?[a-z][a-z-]*' |
        grep -oE -- '--?[a-z][a-z-]*$' | sort -u
end

function __overland_hosts
    set --local file /etc/overland/inventory.toml
    set --local words (commandline --tokenize --cut-at-cursor --current-process)
    for index in (seq 2 (count $words))
        contains -- $words[(math $index - 1)] -i --inventory; and set file $words[$index]
    end
    awk '/^ *\[/ { host = /^ *\[\[ *host *\]\]/ } host && /^ *name *=/ { split($0, part, "\""); print part[2] }' \
        $file 2>/dev/null
end

function __overland_after
    set --local words (commandline --tokenize --cut-at-cursor --current-process)
    contains -- $words[-1] $argv
end

complete -c overland -f
complete -c overland -n __fish_is_first_token -a '(__overland_verbs)'
complete -c overland -n __fish_is_first_token -a "help\t'explain a verb' version\t'show the version' --help --version"
complete -c overland -n '__overland_after help' -a '(__overland_verbs)'
complete -c overland -n '__overland_after fleet' -a 'apply plan push status'
complete -c overland -n '__overland_after --color' -a 'auto always never'
complete -c overland -n '__overland_after --firewall' -a 'auto nft iptc'
complete -c overland -n '__overland_after --format; and not __fish_seen_subcommand_from export' -a 'dot mermaid'
complete -c overland -n '__overland_after --format; and __fish_seen_subcommand_from export' -a 'bird frr iproute json networkd'
complete -c overland -n '__overland_after --bip' -a 'auto none'
complete -c overland -n '__overland_after --host --for' -a '(__overland_hosts)'
complete -c overland -n '__overland_after -i --inventory --fragments --ssh-config --state --lock --runs --prometheus --source --record --sign' -F
complete -c overland -n '__overland_after publish' -a 'add assign remove'
complete -c overland -n '__overland_after publish' -F
complete -c overland -n '__fish_seen_subcommand_from validate assign export' -F
complete -c overland -n '__fish_seen_subcommand_from assign explain fleet probe remove status' -a '(__overland_hosts)'
complete -c overland -n 'not __fish_is_first_token; and string match -q -- "-*" (commandline -ct)' -a '(__overland_options)'
