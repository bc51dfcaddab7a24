/** The part of etcd's interface that these tests use, copied from `rpc.proto` and `kv.proto`. */
export const etcdMessages = {
  messages: {
    'etcdserverpb.PutRequest': ['bytes key = 1', 'bytes value = 2'],
    'etcdserverpb.PutResponse': [],
    'etcdserverpb.RangeRequest': ['bytes key = 1', 'bytes range_end = 2', 'bool serializable = 7'],
    'etcdserverpb.RangeResponse': ['repeated mvccpb.KeyValue kvs = 2', 'int64 count = 4'],
    'mvccpb.KeyValue': ['bytes key = 1', 'int64 mod_revision = 3', 'int64 version = 4', 'bytes value = 5'],
  },
  methods: {
    '/etcdserverpb.KV/Put': ['etcdserverpb.PutRequest', 'etcdserverpb.PutResponse'],
    '/etcdserverpb.KV/Range': ['etcdserverpb.RangeRequest', 'etcdserverpb.RangeResponse'],
  },
}

const key = 'json.key'
const read = { f: 'read', key, result: 'json.kvs.0.value', missing: 'absent' }
const write = { f: 'write', key, value: 'json.value' }

/** The two requests of the JSON gateway. A read of several keys is not recorded. */
export const gatewayRoutes: readonly object[] = [
  { request: 'POST /v3/kv/range', when: { 'json.range_end': { there: false } }, ...read },
  { request: 'POST /v3/kv/range', ignore: true },
  { request: 'POST /v3/kv/put', ...write },
]

/** The requests of etcdctl. A field that is not on the wire is empty, not missing. */
export const etcdctlRoutes: readonly object[] = [
  { request: 'GRPC /etcdserverpb.KV/Range', when: { 'json.range_end': '' }, ...read },
  { request: 'GRPC /etcdserverpb.KV/Range', ignore: true },
  { request: 'GRPC /etcdserverpb.KV/Put', ...write },
]
