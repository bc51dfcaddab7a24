import type { ContainersDeclaration } from '../cluster/declaration.ts'
import { imageName, kindOf } from './container-kind.ts'
import type { Container } from './engine.ts'
import type { NodeGroup } from './node-groups.ts'

interface ProposedGateway {
  readonly through?: NonNullable<ContainersDeclaration['through']>
  readonly open: readonly string[]
}

/** Matches gateways that forward HTTP requests to several servers. */
const OF_HTTP = /^(nginx|openresty|traefik|haproxy|envoy|caddy|kong|apisix|krakend|tyk)/

/** The usual ports for clients. If a gateway publishes several ports, the others often serve its dashboard. */
const CUSTOMARY = [80, 8080, 8000, 10000] as const

/** Proposes that clients reach the nodes through a gateway, if exactly one gateway is published, and no node is. */
export function gatewayBefore({ kind, containers: nodes }: NodeGroup, all: readonly Container[]): ProposedGateway {
  if (kind !== 'own') return { open: [] }
  const gateways = all.filter((each) => isGateway(each) && !nodes.some(({ service }) => service === each.service))
  const published = gateways.filter((each) => each.published.length > 0)
  const services = [...new Set(published.map(({ service }) => service))]
  const [service, ...more] = services
  const [first] = published
  if (service === undefined || first === undefined) return { open: [] }
  if (nodes.some((node) => node.published.length > 0))
    return {
      open: [`Clients dial the nodes. If they are to come through ${service}: "through": {"service": "${service}"}.`],
    }
  if (more.length > 0)
    return {
      open: [
        `Clients dial the nodes. They can also come through ${services.join(' or ')}: "through": {"service": "${service}"}.`,
      ],
    }
  const ports = [...new Set(first.published)]
  const port = ports.length === 1 ? ports[0] : CUSTOMARY.find((each) => ports.includes(each))
  return {
    through: { service, ...(port === undefined ? {} : { port }) },
    open: [
      port === undefined
        ? `"through" has no port: ${service} publishes ${ports.join(', ')}.`
        : `Clients come through ${service}, port ${port}${ports.length === 1 ? '' : ` of ${ports.join(', ')}`}. Without "through" they dial the nodes.`,
    ],
  }
}

/** Recognises a gateway by its image or its program. */
const isGateway = (container: Container): boolean =>
  kindOf(container) === 'gateway' &&
  [imageName(container.image), ...container.command.slice(0, 2).map((word) => word.split('/').at(-1) ?? '')].some(
    (name) => OF_HTTP.test(name),
  )
