"""One complaint, all the way: by web and by SMS, told, late, escalated, answered."""

from __future__ import annotations

from tests.builders import Service, token

LAMP = "Lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu"
PARKING = "Sambat parkir liar depan Pasar Besar, jukir tidak memberi karcis"


def test_a_complaint_goes_from_the_door_to_the_ladder_and_to_its_answer(service: Service) -> None:
    admin = token("admin")
    filed = service.post("/complaints", {"text": LAMP})
    assert filed.status == 201
    lamp = filed.json
    assert (lamp["opd"], lamp["division"], lamp["status"]) == ("dpuprpkp", "pju", "dispatched")
    first = service.twilio(PARKING)
    assert first.status == 200
    assert first.headers["Content-Type"].startswith("text/xml")
    again = service.twilio(PARKING)
    assert again.body == first.body

    listed = service.get("/admin/complaints", admin).json["items"]
    assert [item["opd"] for item in listed] == ["dishub", "dpuprpkp"]
    parking = listed[0]
    assert parking["ticket"] in first.text

    assert service.deliver() == []
    told = service.emails()
    assert len(told) == 4
    assert {mail["to"].partition("@")[2] for mail in told} == {"dpuprpkp.example.invalid", "dishub.example.invalid"}

    due = max(lamp["answer_due_at"], parking["answer_due_at"])
    morning = due.replace("T00:00:00", "T08:00:00")
    assert service.sweep(morning)["recorded"] == 2
    assert service.sweep(morning)["recorded"] == 0
    rows = service.get("/admin/escalations", admin).json["items"]
    assert {(row["ticket"], row["rung"], row["n"]) for row in rows} == {
        (lamp["ticket"], "warning", 1),
        (parking["ticket"], "warning", 1),
    }
    assert {row["recorded_at"] for row in rows} == {morning}
    assert {row["deadline"] for row in rows} == {due}
    service.deliver()
    assert len(service.emails()) == 8

    officer = token("opd", "dpuprpkp")
    answered = service.post(f"/opd/complaints/{lamp['ticket']}/answer", {"text": "Sudah diganti hari ini."}, officer)
    assert answered.status == 200
    assert answered.json["status"] == "answered"
