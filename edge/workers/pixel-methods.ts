// The calls a pixel thread answers; the in-process workers run the very same.
import { join } from 'node:path'
import type { MasterOrder } from '../ports/calibration.js'
import type { Display, TileAt } from '../ports/display.js'
import type { Region } from '../ports/frame.js'
import type { StackSettings, View } from '../ports/pixels.js'
import type { Served } from '../ports/remote.js'
import type { Card } from '../science/fits-header.js'
import type { MasterKind } from '../science/master-cards.js'
import type { Image } from '../science/samples.js'
import { checkMaster } from './check-master.js'
import { makeEasel, makeStarFinder } from './easel.js'
import { makeMaster } from './make-master.js'
import { focus, imageOf, measure, type PixelTools, readCards, render, type WorkSource } from './pixel-work.js'
import { type OpenStack, openStack } from './stack-work.js'
import { type OpenView, openView } from './view-work.js'

/** What is looked at: a file under the archive, or an open stack. */
export type Looked = { readonly path: string } | { readonly stack: number }

export interface PixelSetting {
  /** Folder that paths of frames start from. */
  readonly archive: string
  /** Threads that share a frame of a stack, this one among them. */
  readonly stackThreads: number
  readonly stackMemoryBytes: number
}

export function pixelMethods({ archive, stackThreads: threads, stackMemoryBytes: memoryBytes }: PixelSetting) {
  const stacks = new Map<number, OpenStack>()
  let opened = 0
  const stack = (id: number) => stacks.get(id)!
  const tools: PixelTools = { archive, easel: makeEasel(), findStars: makeStarFinder() }
  const desk = viewDesk(path => imageOf({ path }, archive).then(image => openView(image, tools.easel, tools.findStars)))
  const view = (of: Looked) => ('path' in of ? desk.open(of.path) : stack(of.stack).view())
  const methods = {
    measure({ source }: { source: WorkSource }) {
      desk.tidy()
      return measure(source, tools)
    },
    focus: ({ image, region }: { image: Image; region: Region | undefined }) => focus(image, region, tools),
    render: ({ path, view }: { path: string; view: View }) => render(path, view, tools),
    makeMaster: (order: MasterOrder) => makeMaster(order, archive),
    checkMaster: ({ path, kind }: { path: string; kind: MasterKind }) => checkMaster(join(archive, path), kind),
    header: ({ path }: { path: string }) => readCards(join(archive, path)),
    preview: async ({ of, display, maxWidth }: { of: Looked; display: Display; maxWidth: number }) =>
      (await view(of)).preview(display, maxWidth),
    tile: async ({ of, display, at }: { of: Looked; display: Display; at: TileAt }) =>
      (await view(of)).tile(display, at),
    histogram: async ({ of, balance }: { of: Looked; balance: Display['balance'] }) =>
      (await view(of)).histogram(balance),
    stars: async ({ of }: { of: Looked }) => (await view(of)).stars(),
    statistics: async ({ of, region }: { of: Looked; region: Region | undefined }) =>
      (await view(of)).statistics(region),
    stackOpen(settings: StackSettings) {
      stacks.set(++opened, openStack({ ...settings, archive, threads, memoryBytes }))
      return opened
    },
    stackAdd: ({ id, path, frame }: { id: number; path: string; frame: string }) => stack(id).add(path, frame),
    stackGain: ({ id }: { id: number }) => stack(id).gain(),
    stackSave: ({ id, aside, cards }: { id: number; aside: string; cards: readonly Card[] }) =>
      stack(id).save(aside, cards),
    async stackClose({ id }: { id: number }) {
      const closing = stacks.get(id)
      stacks.delete(id)
      await closing?.close()
    },
  } satisfies Served
  return methods
}

export type PixelMethods = ReturnType<typeof pixelMethods>

/**
 * The one file that is looked at, kept open so that its tiles are not each read and decoded anew. It is let go of with
 * its thread's rest, for the next file, or when frames go on being measured and nobody has looked in between.
 */
function viewDesk(read: (path: string) => Promise<OpenView>) {
  let kept: { readonly path: string; readonly view: Promise<OpenView> } | undefined
  let looked = false
  return {
    open(path: string): Promise<OpenView> {
      looked = true
      if (kept?.path !== path) {
        const view = read(path)
        kept = { path, view }
        view.catch(() => {
          // Whoever asked hears why; the next one tries anew.
          if (kept?.view === view) kept = undefined
        })
      }
      return kept.view
    },
    tidy() {
      if (!looked) kept = undefined
      looked = false
    },
  }
}
