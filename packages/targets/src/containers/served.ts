import { environmentError, usageError } from '@chaosproxy/history'
import { listeningPorts } from './listening-ports.ts'
import { clientPort, otherName } from './members.ts'
import { groupOfServices, nodeGroups } from './node-groups.ts'
import { findProject } from './project.ts'
import { composeOf, NO_CLIENT } from './survey.ts'

interface ServedContainer {
  /** The service's name, numbered if there are several containers. */
  readonly name: string
  /** The container's own address, which is dialled in place of a published port. */
  readonly upstream: string
  /** The ports of this machine that lead to the container. */
  readonly hostPorts: readonly number[]
}

interface ServedOptions {
  /** A Compose file, or the name of a project. */
  readonly wanted: string
  /** The wanted services; by default those that `chaos init --compose` would propose as nodes. */
  readonly services: readonly string[]
  readonly directory: string
}

/**
 * Returns those containers of a running project to which clients connect.
 *
 * @throws UserError (usage, environment)
 */
export function servedContainers({ wanted, services, directory }: ServedOptions): {
  readonly project: string
  readonly served: readonly ServedContainer[]
} {
  const where = `--compose ${wanted}`
  const compose = composeOf(wanted, directory)
  const project = findProject({ compose, client: NO_CLIENT }, directory)
  if (project === undefined)
    throw environmentError(`${where}: no container of this project runs. Start the project first: docker compose up -d`)
  const known = [...new Set(project.containers.map(({ service }) => service))]
  const unknown = services.find((service) => !known.includes(service))
  if (unknown !== undefined)
    throw usageError(`--service ${unknown}: ${project.name} has no such service. It has ${known.join(', ')}.`)
  const group = services.length > 0 ? groupOfServices(services, project.containers) : nodeGroups(project.containers)[0]
  const running = group?.containers.filter((each) => each.running) ?? []
  if (running.length === 0)
    throw usageError(`${where}: it is unclear which services clients talk to. Name them with --service.`)
  const served = running.map((container) => {
    const port = clientPort(undefined, container, listeningPorts(container.pid))
    const [network] = container.networks
    if (port === undefined || network === undefined)
      throw usageError(
        `${where}: it is unclear on which port ${container.name} serves. Publish a single port of it, or give --upstream.`,
      )
    return {
      name: otherName(container, running),
      upstream: `${network.address}:${port}`,
      hostPorts: container.hostPorts.filter((each) => each.port === port).map(({ hostPort }) => hostPort),
    }
  })
  return { project: project.name, served }
}
