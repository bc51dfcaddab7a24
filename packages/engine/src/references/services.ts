import { didYouMean, type UserError, usageError } from '@chaosproxy/history'
import {
  declaredService,
  isFullService,
  isService,
  parseServiceReference,
  SERVICE,
  type ServiceDeclaration,
  serviceName,
  serviceReference,
} from '@chaosproxy/node-simulator/declared'
import type { NodeHarm } from '@chaosproxy/simulator'
import { SIMULATED } from '@chaosproxy/simulator/target'

// A reference is a text that names a service (a Node program). Only `addServiceBlow` loads the simulator of programs.

export {
  type BesideDeclaration,
  filesOfService,
  isolationLevels,
  isolationOfService,
  isServiceDeclaration,
  type PostgresDeclaration,
  pathFrom,
  programsOfService,
  requestName,
  type ServiceDeclaration,
  type ServiceSpec,
  serviceMembers,
  serviceSchema,
  USUAL_NODES,
  urlVariables,
} from '@chaosproxy/node-simulator/declared'
export { declaredService, isFullService, isService, parseServiceReference, SERVICE, serviceName, serviceReference }

export interface OwnServices {
  readonly services?: { readonly [name: string]: ServiceDeclaration } | undefined
  /** The name of the file with the declarations. Every message begins with it. */
  readonly where: string
  readonly directory: string
}

/**
 * Returns a reference that every thread can resolve: `service:booking` is replaced by the whole declaration.
 *
 * @throws UserError (usage) for a service that is not declared.
 */
export function fullReference(reference: string, own: OwnServices): string {
  const { simulated, name } = partsOf(reference)
  if (!isService(name) || isFullService(name)) return reference
  const wanted = name.slice(SERVICE.length)
  const { services = {}, where, directory } = own
  const declared = Object.hasOwn(services, wanted) ? services[wanted] : undefined
  if (declared === undefined) throw unknownService(reference, own)
  const spec = declaredService(declared, { where: `${where}: services.${wanted}`, directory })
  const full = serviceReference({ ...spec, name: wanted, nodes: declared.nodes })
  return simulated ? `${SIMULATED}${full}` : full
}

export const serviceTargets = ({ services = {} }: Pick<OwnServices, 'services'>): readonly string[] =>
  Object.keys(services).map((name) => `${SERVICE}${name}`)

/**
 * Returns the only declared service, the default target of a run.
 *
 * @throws UserError (usage) if there are several.
 */
export function onlyService(own: OwnServices): string | undefined {
  const [only, ...others] = serviceTargets(own)
  if (only === undefined || others.length === 0) return only
  throw usageError(
    `${own.where} declares several services, but no target: add --target ${only} or --target ${others.join(' or --target ')}, or write one of them as "target".`,
  )
}

/** Splits `sim:` off a reference. */
export function partsOf(reference: string): { readonly simulated: boolean; readonly name: string } {
  const simulated = reference.startsWith(SIMULATED)
  return { simulated, name: simulated ? reference.slice(SIMULATED.length) : reference }
}

export function unknownService(reference: string, { services = {}, where }: OwnServices): UserError {
  const known = Object.keys(services)
  const wanted = partsOf(reference).name.slice(SERVICE.length)
  const remedy =
    known.length === 0
      ? `Declare it: services: { ${wanted}: { entry: './server.ts', nodes: 3 } } in chaos.config.ts.`
      : `There are: ${known.join(', ')}.`
  return usageError(
    `${where}: there is no service ${wanted} in the configuration.${didYouMean(wanted, known)} ${remedy}`,
  )
}

/** Registers a user-defined fault's effect on programs. */
export async function addServiceBlow(kind: string, harm: NodeHarm): Promise<void> {
  const { addServiceBlow: add } = await import('@chaosproxy/node-simulator')
  add(kind, harm)
}
