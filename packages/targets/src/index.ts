export { EXECUTED, isBinary } from './binary/binary-protocol.ts'
export type { ClientDeclaration } from './clients/declaration.ts'
export { clientSchema, parseClientDeclaration } from './clients/declaration.ts'
export type { ClientAddress, ClientModule, ModuleClient } from './clients/module-file.ts'
export { defineClient, Refused } from './clients/module-file.ts'
export type { NodeAddress, OpenClientsOptions, OpenedClients, PlannedClients } from './clients/planned-clients.ts'
export { planClients } from './clients/registry.ts'
export type { ClusterDeclaration, RunningDeclaration, StartedDeclaration } from './cluster/declaration.ts'
export { declarationSchema } from './cluster/declaration-schema.ts'
export type { OwnCluster } from './cluster/open-cluster.ts'
export { parseDeclaration, readDeclaration } from './cluster/read-declaration.ts'
export type { DeclaredTargetOptions } from './cluster/target.ts'
export { declaredTarget } from './cluster/target.ts'
export { commandText, type ProgramCommand } from './command/command.ts'
export { startCommand } from './command/command-process.ts'
export { type Keeper, startKeeper } from './command/keeper.ts'
export { fillCommand, fillPlaceholders } from './command/placeholders.ts'
export { releasePorts, reservePorts } from './command/ports.ts'
export { findProgram } from './command/programs.ts'
export { commandSchema, wordsOf } from './command/words.ts'
export type { EmbeddedCluster } from './embedded/cluster.ts'
export { startEmbeddedCluster } from './embedded/cluster.ts'
export { loadProtocol, protocolFrom } from './protocol-file.ts'
export { isDeclaration, targetOf, targets } from './registry.ts'
export { type ReadFinally, readFinallyBy, withFinal, withSpellings } from './traffic/final-client.ts'
export {
  openServedServers,
  type ServedServer,
  type ServedServers,
} from './traffic/served-servers.ts'
export {
  type TrafficCluster,
  type TrafficClusterOptions,
  trafficCluster,
  type Upstream,
} from './traffic/traffic-cluster.ts'
export { type HurtServers, parseTrafficFaults, planRounds, type TrafficFaults } from './traffic/traffic-nemeses.ts'
export { trafficWorkload } from './traffic/traffic-workload.ts'
export { isUserFile } from './user-file/import.ts'
export { loadWorkload, workloadFrom, workloadOf } from './workload-file.ts'
