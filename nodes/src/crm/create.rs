//! `crm.create`: makes a record.

use async_trait::async_trait;
use masar_engine::{Json, Output, StepError};

use super::{change, entity, entity_field, record_output, refused, shown};
use crate::{
    NodeType, ResolvedCall, Transactional, Tx,
    declare::{declare, key_value},
};

pub(crate) fn node() -> NodeType {
    declare("crm.create", "user-plus", ["Create record", "Makes a CRM record, exactly once.", "إنشاء سجل", "ينشئ سجلًا في إدارة العملاء مرة واحدة بالضبط."])
        .parameters([entity_field().required(), key_value("fields", ["Fields", "Names and values of the new record.", "الحقول", "أسماء حقول السجل الجديد وقيمها."]).required()])
        .output(record_output())
        .search(["ticket", "lead", "contact", "deal", "task", "new", "تذكرة", "عميل", "جديد"])
        .transactional(Create)
}

struct Create;

#[async_trait]
impl Transactional for Create {
    async fn run(&self, tx: &mut Tx<'_>, call: &ResolvedCall) -> Result<Output, StepError> {
        let entity = entity(&call.parameters)?;
        let fields = call.parameters.get("fields").unwrap_or(&Json::Null);
        let record = masar_crm_core::create(&mut tx.conn, &mut change(call, tx.ids), entity, fields).await.map_err(refused)?;
        Ok(Output::out(shown(&record)))
    }
}
