import type { Container } from './engine.ts'

/** What a container is to a test. `own`: a service of the project itself; `store`: a system that has no client here. */
export type ContainerKind = 'own' | 'redis' | 'etcd' | 'postgres' | 'store' | 'sentinel' | 'gateway' | 'console'

/** Kinds that are never taken for nodes unless somebody says so. */
export const NO_NODES: readonly ContainerKind[] = ['store', 'sentinel', 'gateway', 'console']

interface KnownKind {
  readonly kind: ContainerKind
  /** Names of images, programs and services. */
  readonly name: RegExp
  /** What clients dial. */
  readonly port?: number
}

/** The first that fits. What watches over a system or stands before it often carries the system's name in its own. */
const KNOWN: readonly KnownKind[] = [
  { kind: 'sentinel', name: /sentinel/ },
  {
    kind: 'console',
    name: /adminer|pgadmin|phpmyadmin|insight|commander|express|console|dashboard|exporter|(^|[-_])ui$|etcdkeeper|akhq|kafdrop|^(grafana|prometheus|alertmanager|loki|promtail|jaeger|zipkin|kibana|cadvisor|portainer|mailhog|mailpit|otel|opentelemetry)/,
  },
  {
    kind: 'gateway',
    name: /^(nginx|openresty|traefik|haproxy|envoy|caddy|kong|apisix|krakend|tyk|varnish|squid|toxiproxy|twemproxy|pgbouncer|pgpool|proxysql)|(^|[-_])(gateway|proxy|ingress|lb|loadbalancer)$/,
  },
  { kind: 'redis', name: /^(redis|valkey|keydb|dragonfly)/, port: 6379 },
  { kind: 'etcd', name: /^etcd/, port: 2379 },
  { kind: 'postgres', name: /^(postgres|postgis|timescaledb|pgvector|spilo)/, port: 5432 },
  {
    kind: 'store',
    name: /^(mysql|mariadb|percona|mongo|cassandra|scylla|cockroach|clickhouse|influxdb|neo4j|couchdb|dynamodb|elasticsearch|opensearch|kafka|redpanda|zookeeper|rabbitmq|nats|pulsar|memcached|minio|vault|consul|localstack)/,
  },
]

/** The last part of an image's name, without its tag: `redis` of `docker.io/library/redis:7@sha256:…`. */
export const imageName = (image: string): string =>
  (image.split('@')[0] ?? '').split('/').at(-1)?.replace(/:.*$/, '').toLowerCase() ?? ''

/** The image says most, then the program that it runs. A service's name tells only what it cannot be: no node. */
export function kindOf({ image, command, service, labels }: Container): ContainerKind {
  if (command.includes('--sentinel')) return 'sentinel'
  const project = labels['com.docker.compose.project']?.toLowerCase()
  const name = imageName(image)
  const isBuilt = project !== undefined && [`${project}-`, `${project}_`].some((start) => name.startsWith(start))
  const program = command.map((word) => word.split('/').at(-1) ?? '').find((word) => !STARTERS.test(word))
  const said = knownBy(isBuilt ? service.toLowerCase() : name) ?? knownBy(program ?? '')
  if (said !== undefined) return said.kind
  const named = knownBy(service.toLowerCase())
  return named !== undefined && NO_NODES.includes(named.kind) ? named.kind : 'own'
}

const knownBy = (name: string): KnownKind | undefined => KNOWN.find((each) => each.name.test(name))

/** Programs that start another one. */
const STARTERS = /entrypoint|^(tini|dumb-init|exec|--|run\.sh)$/

/** The port that clients dial by the name of the image; undefined if it says nothing. */
export const usualPort = (image: string): number | undefined =>
  KNOWN.find(({ name, port }) => port !== undefined && name.test(imageName(image)))?.port
