import { type Graph, type GraphNode, graphOf } from './graph.ts';
import type { Application, Topology } from './types.ts';

/** A topology or an application as text: what each part reads, keeps, sets and writes. */
export function describeTopology(value: Topology | Application): string {
  const graph = graphOf(value);
  const lines = 'topologies' in value ? [`application ${value.name}`] : [];
  for (const { name, order, start, byTime, idleMs } of graph.topologies) {
    const taken = byTime ? 'by event time' : 'as they come';
    const idle = idleMs === null ? 'never idle' : `idle after ${idleMs / 1000} s`;
    lines.push(`topology ${name}: order ${order}, from ${start}, records ${taken}, ${idle}`);
    for (const part of graph.nodes.filter((node) => node.kind === 'part' && node.topology === name)) {
      lines.push(`  ${part.label} (${part.detail})`, ...partLines(graph, part));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The same as a diagram in the language of Mermaid. */
export function mermaidOf(value: Topology | Application): string {
  const graph = graphOf(value);
  const lines = ['flowchart LR'];
  for (const node of graph.nodes.filter(({ topology }) => topology === null)) lines.push(`  ${box(node)}`);
  for (const { name } of graph.topologies) {
    lines.push(`  subgraph ${mermaidId(name)} ["${name}"]`);
    for (const node of graph.nodes.filter(({ topology }) => topology === name))
      lines.push(`    ${box(node)}`);
    lines.push('  end');
  }
  for (const { from, to, kind } of graph.edges) {
    const arrow = kind === 'keeps' || kind === 'sets' ? '---' : kind === 'looks up' ? '-.->' : '-->';
    lines.push(`  ${mermaidId(from)} ${arrow} ${mermaidId(to)}`);
  }
  return `${lines.join('\n')}\n`;
}

function partLines({ nodes, edges }: Graph, part: GraphNode): readonly string[] {
  return edges
    .filter(({ from, to }) => from === part.id || to === part.id)
    .map(({ from, to, kind }) => {
      const other = nodes.find(({ id }) => id === (from === part.id ? to : from));
      const what = kind === 'reads' || kind === 'writes' ? '' : `${other?.kind ?? ''} `;
      const detail = other?.detail ? ` (${other.detail})` : '';
      return `    ${kind} ${what}${other?.label ?? ''}${detail}`;
    });
}

function box({ id, kind, label, detail }: GraphNode): string {
  const name = mermaidId(id);
  if (kind === 'part') return `${name}["${label}<br>${detail}"]`;
  if (kind === 'store' || kind === 'global table') return `${name}[("${label}")]`;
  if (kind === 'timer') return `${name}(["${label}"])`;
  return `${name}[/"${label}"/]`;
}

function mermaidId(id: string): string {
  return id.replaceAll(/[^a-zA-Z0-9]/g, (sign) => `_${sign.charCodeAt(0)}_`);
}
