// The examples of the first visit: whole workflows with data to try them on, in the reader's language.
import type { Json, WorkflowFile } from "../api/shapes";
import type { Texts } from "../text";

export interface ExampleFlow {
  id: "bigLead" | "price" | "approve";
  icon: string;
  file: WorkflowFile;
  sample: Json;
}

const lead = {
  record: {
    id: "01900000-0000-7000-8000-000000000001",
    title: "فيلا النرجس",
    name: "نورة القحطاني",
    phone: "+966551234567",
    email: "noura@example.sa",
    city: "الرياض",
    budget: 85_000,
    status: "new",
  },
};

export function exampleFlows(t: Texts): ExampleFlow[] {
  const w = t.pages.welcome;
  return [
    {
      id: "bigLead",
      icon: "user-plus",
      sample: lead,
      file: {
        format: 1,
        name: w.bigLead.name,
        description: w.bigLead.text,
        nodes: [
          {
            id: "n1",
            key: "new_lead",
            type: "trigger.event",
            position: { x: 0, y: 0 },
            parameters: { type: "crm.lead.created" },
          },
          {
            id: "n2",
            key: "large",
            type: "flow.if",
            position: { x: 316, y: 0 },
            parameters: {
              condition: { all: [{ value: { $expr: "trigger.record.budget" }, operator: "gt", to: 50_000 }] },
            },
          },
          {
            id: "n3",
            key: "task",
            type: "crm.create",
            position: { x: 632, y: -70 },
            parameters: {
              entity: "task",
              fields: {
                title: { $template: "{{trigger.record.name}} - {{trigger.record.title}}" },
                owner: "sara",
              },
            },
          },
          {
            id: "n4",
            key: "tell_team",
            type: "event.publish",
            position: { x: 948, y: -70 },
            parameters: {
              type: "sales.lead.large",
              data: { name: { $expr: "trigger.record.name" }, budget: { $expr: "trigger.record.budget" } },
            },
          },
        ],
        edges: [
          { id: "e1", source: "n1", target: "n2" },
          { id: "e2", source: "n2", sourceHandle: "true", target: "n3" },
          { id: "e3", source: "n3", sourceHandle: "out", target: "n4" },
        ],
      },
    },
    {
      id: "price",
      icon: "message-square-text",
      sample: { text: "السلام عليكم، كم السّعر؟", from: "0559876543", name: "فهد الدوسري" },
      file: {
        format: 1,
        name: w.price.name,
        description: w.price.text,
        nodes: [
          {
            id: "n1",
            key: "message",
            type: "trigger.message",
            position: { x: 0, y: 0 },
            parameters: { keywords: ["السعر", "بكم", "price"] },
          },
          {
            id: "n2",
            key: "contact",
            type: "crm.find_or_create",
            position: { x: 316, y: 0 },
            parameters: {
              entity: "contact",
              by: "phone",
              fields: { name: { $expr: "trigger.name" }, phone: { $expr: "trigger.from" } },
            },
          },
          {
            id: "n3",
            key: "ticket",
            type: "crm.create",
            position: { x: 632, y: 0 },
            parameters: {
              entity: "ticket",
              fields: {
                subject: w.price.name,
                description: { $expr: "trigger.text" },
                contact: { $expr: "steps.contact.id" },
              },
            },
          },
          {
            id: "n4",
            key: "answer",
            type: "event.publish",
            position: { x: 948, y: 0 },
            parameters: {
              type: "message.reply",
              data: { to: { $expr: "trigger.from" }, total: { $expr: "with_vat(2000)" } },
            },
          },
        ],
        edges: [
          { id: "e1", source: "n1", target: "n2" },
          { id: "e2", source: "n2", sourceHandle: "out", target: "n3" },
          { id: "e3", source: "n3", sourceHandle: "out", target: "n4" },
        ],
      },
    },
    {
      id: "approve",
      icon: "stamp",
      sample: { customer: "شركة الأفق", discount: 18, amount: 42_000 },
      file: {
        format: 1,
        name: w.approve.name,
        description: w.approve.text,
        nodes: [
          {
            id: "n1",
            key: "asked",
            type: "trigger.manual",
            position: { x: 0, y: 0 },
            parameters: { sample: { customer: "شركة الأفق", discount: 18, amount: 42_000 } },
          },
          {
            id: "n2",
            key: "high",
            type: "flow.if",
            position: { x: 316, y: 0 },
            parameters: {
              condition: { all: [{ value: { $expr: "trigger.discount" }, operator: "gt", to: 10 }] },
            },
          },
          {
            id: "n3",
            key: "manager",
            type: "flow.approval",
            position: { x: 632, y: -60 },
            parameters: {
              title: { $template: "{{trigger.customer}}: {{trigger.discount}} %" },
              context: { customer: { $expr: "trigger.customer" }, amount: { $expr: "trigger.amount" } },
              deadline: "2d",
            },
          },
          {
            id: "n4",
            key: "granted",
            type: "event.publish",
            position: { x: 948, y: 0 },
            parameters: {
              type: "sales.discount.granted",
              data: { customer: { $expr: "trigger.customer" }, discount: { $expr: "trigger.discount" } },
            },
          },
        ],
        edges: [
          { id: "e1", source: "n1", target: "n2" },
          { id: "e2", source: "n2", sourceHandle: "true", target: "n3" },
          { id: "e3", source: "n3", sourceHandle: "approved", target: "n4" },
          { id: "e4", source: "n2", sourceHandle: "false", target: "n4" },
        ],
      },
    },
  ];
}
