import { valueForms } from '../../../../../recorder/src/routes/forms/registry.ts'
import { places } from '../../../../../recorder/src/routes/places/registry.ts'
import { registry } from '../../../../src/commands/registry.ts'
import { greet } from '../../../adding/registered/command.ts'
import { behind } from '../../../adding/registered/route-form.ts'
import { baggage } from '../../../adding/registered/route-place.ts'

// What a configuration cannot add: a line in our registry each. All are there before the files imported at the end, one
// test each, load what reads the registries.
Object.assign(valueForms, { [valueForms.length]: behind })
Object.assign(places, { [places.length]: baggage })
Object.assign(registry, { greet: async () => greet })

await import('../../../adding/command.ts')
await import('../../../adding/route-form.ts')
await import('../../../adding/route-place.ts')
