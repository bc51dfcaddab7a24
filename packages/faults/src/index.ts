export type { FaultDefinition, Refusal } from './definition/definition.ts'
export type { FaultFamily } from './definition/family.ts'
export type { Endpoint, Link, NodeId } from './definition/link.ts'
export { linkName, linksBetween, nodeNames, parseLink, placesOf } from './definition/link.ts'
export type {
  DefaultedParameter,
  OptionalParameter,
  Parameter,
  ParameterSchema,
  Parameters,
  ValuesOf,
} from './definition/parameter.ts'
export * as parameter from './definition/parameter.ts'
export { choice, flag, ms, optional, or, parametersOf, text, wholeNumber } from './definition/parameter.ts'
export { quote, readObject, readParameters } from './definition/read-parameters.ts'
export { Trigger } from './definition/trigger.ts'
export { describeFault, describeFaultAs } from './describe.ts'
export type { DatagramFault } from './families/datagram.ts'
export { datagramFamily } from './families/datagram.ts'
export type { HttpFault, HttpMatch, UnansweredFault } from './families/http.ts'
export { actsOnReplies, httpFamily, isUnansweredFault } from './families/http.ts'
export type { Http2Fault } from './families/http2.ts'
export { http2Family } from './families/http2.ts'
export type { MessageFault, MessageMatch } from './families/message.ts'
export { messageFamily } from './families/message.ts'
export * from './families/node.ts'
export type { ActsOn, Fault, FaultKind, FaultOfKind, TrafficFault } from './families/registry.ts'
export {
  addFault,
  definitionOf,
  familyOf,
  faultDefinitions,
  faultKinds,
  ownFaultKinds,
  parseFault,
  parseTrafficFault,
  trafficFamilies,
  trafficFaultKinds,
  voidsPromises,
} from './families/registry.ts'
export { type SqlFault, sqlFamily } from './families/sql.ts'
export type { CutMode, TcpFault, TcpHarm } from './families/tcp.ts'
export { tcpFamily } from './families/tcp.ts'
export { forge } from './forgery.ts'
export { geographies } from './kinds/latency.ts'
export { http2Codes } from './kinds/streams.ts'
export { faultName, faultNames, insteadText, nameOfKind, refusalText } from './nemeses/fault-names.ts'
export type { Nemesis, Traffic } from './nemeses/nemesis.ts'
export { planSchedule, type SchedulePlan } from './nemeses/plan-schedule.ts'
export type { FaultProfile } from './nemeses/profiles.ts'
export { faultProfiles, profileNamed } from './nemeses/profiles.ts'
export { addNemesis, nemeses } from './nemeses/registry.ts'
export { clientLinks, nemesisIn } from './nemeses/traffic.ts'
export { parsePlan, parseSchedule, printSchedule } from './schedule/parse-schedule.ts'
export { printFault, printMembers } from './schedule/print-fault.ts'
export type { Random } from './schedule/random.ts'
export { createRandom, fnv1a } from './schedule/random.ts'
export { isResolved, resolveFault, type Situation } from './schedule/resolve.ts'
export type { FaultChoice, FaultPlan, Schedule, ScheduledFault } from './schedule/schedule.ts'
export { nameOfChoice } from './schedule/schedule.ts'
