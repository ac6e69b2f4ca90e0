// Networks made anew under their containers, whatever happens in the middle of it.

#include <stdexcept>

#include "unit/docker/fake_api.h"

namespace overland::docker {
namespace {

TEST_F(Networks, MadeAnewItHasTheSameContainers) {
  stands();
  api.add_container("c1", "web", {{"IPAMConfig", {{"IPv4Address", "192.168.111.9"}}}});
  carry_out({app, other(), true}, ask, ask);
  EXPECT_EQ(found(), other());
  EXPECT_EQ(api.endpoint("c1"), json({{"IPAMConfig", {{"IPv4Address", "192.168.111.9"}}}}));
}

TEST_F(Networks, MadeAgainItTakesThoseInThatWereOnIt) {
  api.add_container("c1", "web", {{"NetworkID", "ours"}, {"Aliases", {"a"}}});
  api.add_container("c2", "other", {{"NetworkID", "anothers"}});
  const auto all = members_of("app", ask);
  carry_out({std::nullopt, app, false, plan::Moved{{all.at(1)}}}, ask, ask);
  EXPECT_EQ(api.endpoint("c1"), json({{"Aliases", {"a"}}}));
  EXPECT_EQ(api.endpoint("c2")["NetworkID"], "anothers");
  EXPECT_THAT(api.told, ElementsAre("POST /networks/create", "POST /networks/net1/disconnect",
                                    "POST /networks/net1/connect"));
}

TEST_F(Networks, WhoCannotBePutOnWhatIsMadeIsNamed) {
  api.add_container("c1", "web", {{"NetworkID", "ours"}});
  api.refuses = "POST /networks/net1/connect";
  api.refusals = 1;
  const plan::Moved moved{members_of("app", ask)};
  EXPECT_THAT(fault({std::nullopt, app, false, moved}), HasSubstr("it is made; container web has"));
  EXPECT_EQ(found(), app);
  EXPECT_EQ(fault({app, app, false, moved}), "none") << "the next run";
  EXPECT_FALSE(api.endpoint("c1").is_null());
}

TEST_F(Networks, WhoCameSinceItWasPlannedKeepsItFromBeingMadeAnew) {
  stands();
  api.add_container("c1", "web", json::object());
  const plan::Moved moved{members_of("app", ask)};
  api.add_container("c2", "late", json::object());
  api.told.clear();
  EXPECT_THAT(fault({app, other(), true, moved}), HasSubstr("containers use it by now: late"));
  EXPECT_TRUE(api.told.empty());
}

/// As kill -9 leaves it: nobody goes back.
TEST_F(Networks, CutOffAnywhereTheNextRunKnowsWhoWasOnIt) {
  const json chosen = {{"IPAMConfig", {{"IPv4Address", "192.168.111.9"}}}, {"Aliases", {"a"}}};
  for (int survives = 0; survives < 14; ++survives) {
    api = {};
    stands();
    api.add_container("c1", "web", chosen);
    api.add_container("c2", "db", json::object());
    const plan::Moved moved{members_of("app", ask)};
    const Ask dies = [&](const ApiRequest& request) {
      if (api.dies_after == 0) throw std::runtime_error("killed");
      return api(request);
    };
    api.dies_after = survives;
    try {
      carry_out({app, other(), true, moved}, dies, dies);
    } catch (const std::runtime_error&) {
    }
    api.dies_after = -1;
    const auto now = found();
    carry_out({now, other(), now == app, moved}, ask, ask);
    EXPECT_EQ(found(), other()) << survives;
    EXPECT_EQ(api.networks.size(), 1U) << survives;
    EXPECT_EQ(api.endpoint("c1"), chosen) << survives;
    EXPECT_EQ(api.endpoint("c2"), json::object()) << survives;
  }
}

TEST_F(Networks, WhereDockerDiesInTheMiddleTheNextRunGoesOn) {
  for (int survives = 0; survives < 12; ++survives) {
    api = {};
    stands();
    api.add_container("c1", "web", json::object());
    api.add_container("c2", "db", json::object());
    api.dies_after = survives;
    const std::string said = fault({app, other(), true});
    api.dies_after = -1;
    for (const char* id : {"c1", "c2"}) {
      const char* name = std::string(id) == "c1" ? "web" : "db";
      const bool on = !api.endpoint(id).is_null();
      EXPECT_TRUE(on || said.find(name) != std::string::npos) << survives << ": " << said;
    }
    const auto now = found();
    if (now != other()) carry_out({now, other(), true}, ask, ask);
    EXPECT_EQ(found(), other()) << survives;
    EXPECT_EQ(api.networks.size(), 1U) << survives;
  }
}

TEST_F(Networks, WhatDockerMadeWithoutAnAnswerInTimeIsTakenBack) {
  stands();
  api.add_container("c1", "web", json::object());
  const Ask there = [&](const ApiRequest& request) {
    const std::string answer = api(request);
    if (request.path != "/networks/create") return answer;
    throw base::Error(base::ErrorKind::kFailure, "not answered in time", ETIMEDOUT);
  };
  EXPECT_THROW(carry_out({app, other(), true}, there, ask), base::Error);
  EXPECT_EQ(found(), app);
  EXPECT_EQ(api.networks.size(), 1U);
  EXPECT_FALSE(api.endpoint("c1").is_null());
}

TEST_F(Networks, WhereItFailsItIsAsBefore) {
  for (const char* step : {"POST /networks/net1/disconnect", "DELETE /networks/net1",
                           "POST /networks/create", "POST /networks/net2/connect"}) {
    api = {};
    stands();
    api.networks["net1"]["Attachable"] = true;
    api.add_container("c1", "web", {{"Aliases", {"a"}}});
    api.add_container("c2", "db", json::object());
    api.refuses = step;
    api.refusals = 1;
    const std::string said = fault({app, other(), true});
    EXPECT_THAT(said, HasSubstr("Docker says no; it is as it was before")) << step;
    EXPECT_EQ(found(), app) << step;
    EXPECT_EQ(api.networks.size(), 1U) << step;
    EXPECT_EQ(api.networks.begin()->second["Attachable"], true) << step;
    EXPECT_EQ(api.endpoint("c1"), json({{"Aliases", {"a"}}})) << step;
    EXPECT_EQ(api.endpoint("c2"), json::object()) << step;
  }
}

TEST_F(Networks, WhereItCannotBePutBackThatIsSaid) {
  stands();
  api.add_container("c1", "web", json::object());
  api.refuses = "POST /networks/create";
  api.refusals = 2;
  const std::string said = fault({app, other(), true});
  EXPECT_THAT(said, HasSubstr("nor could it be put back"));
  EXPECT_THAT(said, HasSubstr("; on it were web"));
}

TEST_F(Networks, OneThatOnlyDockersDriverKnowsHasARemedy) {
  const std::string theirs(64, 'a');
  api.networks[theirs] = {{"Name", "theirs"}, {"Id", theirs}};
  api.refuses = "POST /networks/create";
  const auto refused = [&](const std::string& id) {
    api.why = "cannot create network 12 (br-app): conflicts with network " + id +
              " (br-app): networks have same bridge name";
    api.refusals = 1;
    const std::string said = fault({std::nullopt, app});
    EXPECT_THAT(said, HasSubstr(api.why));
    return said;
  };
  EXPECT_THAT(refused(std::string(64, 'b')), HasSubstr("Docker does not list that one"));
  for (const auto& listed_or_cut : {theirs, std::string(20, 'b') + "…"}) {
    EXPECT_THAT(refused(listed_or_cut), Not(HasSubstr("does not list")));
  }
}

TEST_F(Networks, WhatWasRefusedIsSaidWhateverBecomesOfTheNextQuestion) {
  const std::string words = "conflicts with network " + std::string(64, 'b') + " (br-app): no";
  for (const std::string answer : {"{}", "[", "[1]"}) {
    const Ask odd = [&](const ApiRequest& request) -> std::string {
      if (request.method == "POST") throw base::Error(base::ErrorKind::kInvalid, words);
      return api.told.empty() ? (api.told.emplace_back("looked"), "[]") : answer;
    };
    api.told.clear();
    try {
      carry_out({std::nullopt, app}, odd, odd);
      ADD_FAILURE() << answer;
    } catch (const base::Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(words)) << answer;
    }
  }
}

}  // namespace
}  // namespace overland::docker
