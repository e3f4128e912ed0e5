import { changelogTopic, topicName } from './names.ts';
import { shapeOf } from './shape.ts';
import type { AnyTopic, Application, Part, Topology } from './types.ts';

export interface Graph {
  readonly name: string;
  readonly topologies: readonly GraphTopology[];
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export interface GraphTopology {
  readonly name: string;
  readonly order: Topology['order'];
  readonly start: Topology['start'];
  readonly byTime: boolean;
  readonly idleMs: number | null;
  readonly shape: string;
}

export interface GraphNode {
  /** Unique in the graph, and the same from one version to the next. */
  readonly id: string;
  readonly kind: 'topic' | 'internal topic' | 'global table' | 'part' | 'store' | 'timer';
  readonly label: string;
  /** Null for topics, which belong to nobody. */
  readonly topology: string | null;
  /** Of a part: its operator; of a store: its form and changelog. */
  readonly detail: string;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'reads' | 'writes' | 'keeps' | 'looks up' | 'sets';
}

/** A topology or an application as data, for consoles. Topics of a topology alone have no application's name. */
export function graphOf(value: Topology | Application): Graph {
  const isApplication = 'topologies' in value;
  const topologies = isApplication ? value.topologies : [value];
  const application = isApplication ? value.name : null;
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  for (const topology of topologies) {
    for (const part of topology.parts) {
      for (const node of partNodes(application, topology.name, part)) nodes.set(node.id, node);
      for (const edge of partEdges(application, topology.name, part)) {
        edges.set(`${edge.from} ${edge.kind} ${edge.to}`, edge);
      }
    }
  }
  return {
    name: value.name,
    topologies: topologies.map((topology) => {
      const { name, order, start, byTime, idleMs } = topology;
      return { name, order, start, byTime, idleMs, shape: shapeOf(topology) };
    }),
    nodes: [...nodes.values()],
    edges: [...edges.values()],
  };
}

function* partNodes(application: string | null, topology: string, part: Part): Generator<GraphNode> {
  for (const { topic } of part.inputs ?? []) yield topicNode(application, topic);
  for (const { topic, name } of part.globals ?? []) {
    const { id, label } = topicNode(application, topic);
    yield { id, kind: 'global table', label, topology: null, detail: name };
  }
  yield { id: partId(topology, part), kind: 'part', label: part.name, topology, detail: part.operator };
  for (const { name, kind } of part.stores ?? []) {
    const changelog = application === null ? '' : `, ${changelogTopic(application, topology, name)}`;
    yield {
      id: `store ${topology}.${name}`,
      kind: 'store',
      label: name,
      topology,
      detail: `${kind}${changelog}`,
    };
  }
  for (const { name } of part.timers ?? []) {
    yield { id: `timer ${topology}.${name}`, kind: 'timer', label: name, topology, detail: '' };
  }
  for (const topic of part.outputs ?? []) yield topicNode(application, topic);
}

function* partEdges(application: string | null, topology: string, part: Part): Generator<GraphEdge> {
  const own = partId(topology, part);
  for (const { topic } of part.inputs ?? []) {
    yield { from: topicNode(application, topic).id, to: own, kind: 'reads' };
  }
  for (const { topic } of part.globals ?? []) {
    yield { from: topicNode(application, topic).id, to: own, kind: 'looks up' };
  }
  for (const { name } of part.stores ?? [])
    yield { from: own, to: `store ${topology}.${name}`, kind: 'keeps' };
  for (const { name } of part.timers ?? [])
    yield { from: own, to: `timer ${topology}.${name}`, kind: 'sets' };
  for (const topic of part.outputs ?? []) {
    yield { from: own, to: topicNode(application, topic).id, kind: 'writes' };
  }
}

function topicNode(application: string | null, topic: AnyTopic): GraphNode {
  const label = application === null ? topic.name : topicName(application, topic);
  const kind = topic.internal === undefined ? 'topic' : 'internal topic';
  return { id: `topic ${label}`, kind, label, topology: null, detail: topic.serde.name };
}

function partId(topology: string, { name }: Part): string {
  return `part ${topology}.${name}`;
}
