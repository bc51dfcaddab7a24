import type { ModelEntry } from '@chaosproxy/checker'
import { inputError, type UserError } from '@chaosproxy/history'
import { withAttributedErrors } from './attributed-errors.ts'
import type { Extension } from './extension.ts'

/**
 * Adds extensions to the registries of this thread. Skips targets and workloads, because chaos adds them to the
 * configuration instead.
 *
 * @param where The start of every error message.
 *
 * @throws UserError (input) for a name that is taken.
 */
export async function mergeExtensions(extensions: readonly Extension[], where: string): Promise<void> {
  for (const extension of extensions) {
    const refuseTaken = (name: string, names: readonly string[]) => {
      if (names.includes(name))
        throw inputError(`${where}: there is a ${extension.kind} ${name} already. Give yours another name.`)
    }
    switch (extension.kind) {
      case 'fault':
        await mergeFault(extension, refuseTaken)
        break
      case 'nemesis': {
        const { addNemesis, faultKinds, faultProfiles, nemeses } = await import('@chaosproxy/faults')
        const { nemesis } = extension
        refuseTaken(nemesis.name, ['none', ...[...nemeses, ...faultProfiles].map(({ name }) => name)])
        if (!faultKinds.includes(nemesis.kind))
          throw inputError(
            `${where}: the "kind" of the nemesis ${nemesis.name} is ${nemesis.kind}, but there is no such fault. In "extend", put the fault before the nemesis.`,
          )
        const { checkedNemesis } = await import('./own-nemesis.ts')
        addNemesis(checkedNemesis(nemesis, `${where}: the nemesis ${nemesis.name}`))
        break
      }
      case 'recorded protocol': {
        const { addRecordedProtocol, takenProtocolNames } = await import('@chaosproxy/recorder/protocols')
        refuseTaken(extension.protocol.kind, takenProtocolNames())
        addRecordedProtocol(extension.protocol)
        break
      }
      case 'model': {
        const { findModel, modelEntry, models } = await import('@chaosproxy/checker')
        const { model } = extension
        refuseTaken(
          model.name,
          [model.name, ...(model.aliases ?? [])].some((name) => findModel(name) !== undefined) ? [model.name] : [],
        )
        // All look-ups of models iterate over this list.
        ;(models as ModelEntry<string>[]).push(modelEntry(model))
        break
      }
      case 'level': {
        const { levelNames } = await import('@chaosproxy/checker')
        const { addOwnLevel, measures, ownLevelNames } = await import('@chaosproxy/runner/result')
        const { level } = extension
        refuseTaken(level.name, [
          ...levelNames(),
          ...measures.map(({ name }) => name),
          ...ownLevelNames(),
          'concurrency',
          'none',
        ])
        addOwnLevel(withAttributedErrors(level, `the level ${level.name}`))
        break
      }
      case 'reporter': {
        const { addReporter, reporters } = await import('@chaosproxy/report')
        refuseTaken(
          extension.reporter.name,
          reporters.map(({ name }) => name),
        )
        addReporter(extension.reporter)
        break
      }
      case 'story': {
        const { addStory, stories } = await import('@chaosproxy/scenarios')
        refuseTaken(
          extension.story.name,
          stories.map(({ name }) => name),
        )
        addStory(extension.story)
        break
      }
      case 'workload':
      case 'target':
        break
      default:
        extension satisfies never
    }
  }
}

async function mergeFault(
  { fault, harm: own }: Extract<Extension, { readonly kind: 'fault' }>,
  refuseTaken: (name: string, names: readonly string[]) => void,
): Promise<void> {
  const { addFault, faultKinds } = await import('@chaosproxy/faults')
  const { kind } = fault
  refuseTaken(kind, faultKinds)
  const who = `the fault ${kind}`
  const harm = withAttributedErrors(own, who)
  if (harm.on === 'nodes') {
    const { addBlow } = await import('@chaosproxy/simulator')
    const { addNodeHarm } = await import('@chaosproxy/targets')
    const { addServiceBlow } = await import('../references/services.ts')
    addBlow(kind, harm)
    addNodeHarm(kind, harm)
    await addServiceBlow(kind, harm)
  } else {
    const { addMessageHarm, addRequestHarm, addStage } = await import('@chaosproxy/proxy')
    if (harm.on === 'bytes')
      addStage<never>(kind, (context) => {
        const stage = harm.stage(context)
        if (stage.transform !== undefined && harm.alters !== true) throw notAltering(who, 'transform')
        return withAttributedErrors(stage, who)
      })
    if (harm.on === 'messages')
      addMessageHarm<never>(kind, (parameters, message) => {
        const verdict = harm.meet(parameters, message)
        if (verdict !== 'pass' && verdict !== 'lose' && 'instead' in verdict && harm.alters !== true)
          throw notAltering(who, 'instead')
        return verdict
      })
    if (harm.on === 'requests') addRequestHarm(kind, harm.meet)
    if (harm.simulated !== undefined) {
      const { addTrouble } = await import('@chaosproxy/simulator')
      addTrouble(kind, withAttributedErrors(harm.simulated, who))
    }
  }
  addFault({ ...fault, voidsPromises: 'alters' in harm ? harm.alters : undefined }, harm.on)
}

const notAltering = (who: string, by: string): UserError =>
  inputError(
    `${who} changes bytes with "${by}", and no target keeps its promises if bytes change. Declare this in the fault: alters: true.`,
  )
