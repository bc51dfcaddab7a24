/**
 * What brokers use instead of the daemon that tells Erlang nodes where others are: it tells each the addresses of its own
 * links, which lead through the proxy. So no daemon is started either, which would outlive them.
 * https://www.erlang.org/doc/apps/erts/alt_disco.html
 *
 * `LINK_NODE` and `LINK_PORT` are the node's own name and port, `LINK_PEERS` is `n2=127.0.0.1:4711,n3=…`.
 */
export const EPMD: readonly string[] = `
-module(chaos_epmd).
-export([start_link/0, register_node/2, register_node/3, port_please/2, port_please/3,
         listen_port_please/2, address_please/3, names/0, names/1]).

start_link() -> ignore.

register_node(Name, Port) -> register_node(Name, Port, inet).
register_node(_Name, _Port, _Family) -> {ok, erlang:system_time(second) band 16#FFFFFFFF}.

listen_port_please(Name, _Host) ->
    case text(Name) =:= os:getenv("LINK_NODE") of
        true -> {ok, list_to_integer(os:getenv("LINK_PORT"))};
        false -> {ok, 0}
    end.

port_please(Name, Host) -> port_please(Name, Host, infinity).
port_please(Name, _Host, _Timeout) ->
    case peer(Name) of
        {_Ip, Port} -> {port, Port, 5};
        none -> noport
    end.

address_please(Name, _Host, _Family) ->
    case peer(Name) of
        {Ip, Port} -> {ok, Ip, Port, 5};
        none -> {error, nxdomain}
    end.

names() -> {ok, []}.
names(_Host) -> {ok, []}.

peer(Name) ->
    Peers = [string:split(Peer, "=") || Peer <- string:tokens(os:getenv("LINK_PEERS", ""), ",")],
    case [Address || [Peer, Address] <- Peers, Peer =:= text(Name)] of
        [Address] ->
            [Host, Port] = string:split(Address, ":", trailing),
            {ok, Ip} = inet:parse_address(Host),
            {Ip, list_to_integer(Port)};
        [] -> none
    end.

text(Name) -> lists:flatten(io_lib:format("~s", [Name])).
`
  .trim()
  .split('\n')
