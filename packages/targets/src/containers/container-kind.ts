import { type DatabaseName, databaseNames, databases } from './databases.ts'
import type { Container } from './engine.ts'

/**
 * The role of a container in a test. `own` is a service of the project itself. `store` is a storage or messaging system
 * for which no client is proposed.
 */
export type ContainerKind = 'own' | DatabaseName | 'store' | 'sentinel' | 'gateway' | 'console'

/** A container of one of these kinds is a node only if the declaration names it. */
export const NO_NODES: readonly ContainerKind[] = ['store', 'sentinel', 'gateway', 'console']

interface KnownKind {
  readonly kind: ContainerKind
  readonly name: RegExp
}

/** Consoles and gateways precede databases, because their names often contain that of their database. */
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
  ...databaseNames.map((kind) => ({ kind, name: databases[kind].name })),
  {
    kind: 'store',
    name: /^(mysql|mariadb|percona|mongo|cassandra|scylla|cockroach|clickhouse|influxdb|neo4j|couchdb|dynamodb|elasticsearch|opensearch|kafka|redpanda|zookeeper|rabbitmq|nats|pulsar|memcached|minio|vault|consul|localstack)/,
  },
]

/** Returns an image's name without its place and tag: `redis` of `docker.io/library/redis:7@sha256:…`. */
export const imageName = (image: string): string =>
  (image.split('@')[0] ?? '').split('/').at(-1)?.replace(/:.*$/, '').toLowerCase() ?? ''

/**
 * Returns the kind of a container. If its command has the word `--sentinel`, it is a sentinel. Otherwise, the first
 * known name decides: the name of the image (if the project built the image, the name of the service), and then the
 * program in the command. If neither name is known, the service's name can still show a kind in `NO_NODES`. The default
 * is `own`.
 */
export function kindOf({ image, command, service, labels }: Container): ContainerKind {
  if (command.includes('--sentinel')) return 'sentinel'
  const project = labels['com.docker.compose.project']?.toLowerCase()
  const name = imageName(image)
  const isBuilt = project !== undefined && [`${project}-`, `${project}_`].some((start) => name.startsWith(start))
  const program = command.map((word) => word.split('/').at(-1) ?? '').find((word) => !STARTERS.test(word))
  const known = knownBy(isBuilt ? service.toLowerCase() : name) ?? knownBy(program ?? '')
  if (known !== undefined) return known.kind
  const named = knownBy(service.toLowerCase())
  return named !== undefined && NO_NODES.includes(named.kind) ? named.kind : 'own'
}

const knownBy = (name: string): KnownKind | undefined => KNOWN.find((each) => each.name.test(name))

/** Matches programs that start another program. */
const STARTERS = /entrypoint|^(tini|dumb-init|exec|--|run\.sh)$/

export const usualPort = (image: string): number | undefined =>
  Object.values(databases).find(({ name }) => name.test(imageName(image)))?.port
